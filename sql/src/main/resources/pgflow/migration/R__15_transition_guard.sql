-- The state machine guards itself: a change of state that is not in pgflow.transitions is refused, whoever
-- makes it. The list is compiled into the condition of a trigger, so a legal move costs a few comparisons
-- and no function call. What has ended may begin anew, as at its birth, in the next generation and not otherwise.

create or replace function pgflow._refuse_transition()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    raise exception 'illegal transition of a %: % -> %', tg_argv[0], old.state, new.state
        using errcode = 'PF005',
              detail = pg_catalog.format('run %s, generation %s -> %s', old.run_id, old.generation, new.generation),
              hint = 'States change only through the functions of schema pgflow; the legal moves are in pgflow.transitions.';
end;
$$;

create or replace function pgflow._refuse_birth()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    raise exception 'a % cannot begin as %', tg_argv[0], new.state
        using errcode = 'PF005',
              hint = 'States change only through the functions of schema pgflow; the legal moves are in pgflow.transitions.';
end;
$$;

-- _transition_guards: the triggers as they should be.

create or replace function pgflow._transition_guards()
returns table (table_name text, trigger_name text, statement text)
language plpgsql
stable
set search_path = ''
as $$
begin
    return query
    with subject as (
        select s.subject, s.subject || 's' as table_name
        from (values ('task'), ('run')) s (subject)
    ),
    -- One branch for each state that has moves. Not one list of pairs: to put each pair together cost more than all else in here.
    move as (
        select m.subject,
               pg_catalog.string_agg(
                   pg_catalog.format('when %L then new.state = any (%L::text[])', m.from_state, m.from_state || m.to_states), ' '
                   order by m.from_state) as branches
        from (
            select t.subject, t.from_state, array_agg(distinct t.to_state order by t.to_state) as to_states
            from pgflow.transitions t
            where t.from_state is not null
            group by t.subject, t.from_state) m
        group by m.subject
    ),
    birth as (
        select t.subject, array_agg(distinct t.to_state order by t.to_state) as states
        from pgflow.transitions t
        where t.from_state is null
        group by t.subject
    )
    select s.table_name, g.trigger_name, g.statement
    from subject s
    join move m on m.subject = s.subject
    join birth b on b.subject = s.subject
    cross join lateral (values
        ('only_legal_transitions',
         pg_catalog.format(
             'create or replace trigger only_legal_transitions before update of state, generation on pgflow.%I for each row
              when (not case when new.generation = old.generation
                             then case old.state %s else new.state = old.state end
                             else new.generation = old.generation + 1
                                  and old.state = any (''{SUCCEEDED,FAILED,CANCELLED,SKIPPED}'')
                                  and new.state = any (%L::text[]) end)
              execute function pgflow._refuse_transition(%L)',
             s.table_name, m.branches, b.states, s.subject)),
        ('only_first_states',
         pg_catalog.format(
             'create or replace trigger only_first_states before insert on pgflow.%I for each row
              when (not new.state = any (%L::text[]))
              execute function pgflow._refuse_birth(%L)',
             s.table_name, b.states, s.subject))) g (trigger_name, statement);
end;
$$;

-- _guard_transitions: brings the triggers up to date, and touches them only when the rules are others: writers of both tables wait for
-- that, while a release that leaves the rules alone passes beside them.
--
-- Locks: both tables against writers, until the transaction ends. Some write runs before tasks and some tasks before runs, so it does not wait
-- for one while it has the other. Where there is a lock_timeout somebody begins the whole transaction anew, so it gives up after half a
-- second (55P03), with all other locks of the transaction; else it waits after a minute, and the server may have to choose.

create or replace function pgflow._guard_transitions()
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_changed record;
    v_locked boolean := false;
    v_may_fail boolean := pg_catalog.current_setting('lock_timeout') <> '0';
    v_until timestamptz := pg_catalog.clock_timestamp() + case when v_may_fail then interval '500 ms' else '1 minute' end;
begin
    for v_changed in
        select g.table_name, g.trigger_name, g.statement, pg_catalog.md5(g.statement) as version
        from pgflow._transition_guards() g
        left join pg_catalog.pg_trigger t
            on t.tgrelid = ('pgflow.' || g.table_name)::pg_catalog.regclass
            and t.tgname = g.trigger_name
        where pg_catalog.obj_description(t.oid, 'pg_trigger') is distinct from pg_catalog.md5(g.statement)
    loop
        while not v_locked and (v_may_fail or pg_catalog.clock_timestamp() < v_until) loop
            begin
                lock table pgflow.tasks in share row exclusive mode;
                lock table pgflow.runs in share row exclusive mode nowait;
                v_locked := true;
            exception
                when lock_not_available then
                    if v_may_fail and pg_catalog.clock_timestamp() >= v_until then
                        raise;
                    end if;
                    perform pg_catalog.pg_sleep(0.01 + 0.04 * pg_catalog.random());
            end;
        end loop;
        execute v_changed.statement;
        execute pg_catalog.format(
            'comment on trigger %I on pgflow.%I is %L', v_changed.trigger_name, v_changed.table_name, v_changed.version);
    end loop;
end;
$$;

do $$
begin
    perform pgflow._guard_transitions();
end;
$$;
