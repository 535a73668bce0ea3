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

create or replace function pgflow._guard_transitions(
    p_subject  text,
    p_table    text
)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_moves text;
    v_births text[];
begin
    -- One branch for each state that has moves. Not one list of pairs: to put each pair together cost more than all else in here.
    select pg_catalog.string_agg(
        pg_catalog.format('when %L then new.state = any (%L::text[])', m.from_state, m.from_state || m.to_states), ' ' order by m.from_state)
    into v_moves
    from (
        select t.from_state, array_agg(distinct t.to_state) as to_states
        from pgflow.transitions t
        where t.subject = p_subject
          and t.from_state is not null
        group by t.from_state) m;
    select array_agg(distinct t.to_state)
    into v_births
    from pgflow.transitions t
    where t.subject = p_subject
      and t.from_state is null;

    execute pg_catalog.format('drop trigger if exists only_legal_transitions on pgflow.%I', p_table);
    execute pg_catalog.format(
        'create trigger only_legal_transitions before update of state, generation on pgflow.%I for each row
         when (not case when new.generation = old.generation
                        then case old.state %s else new.state = old.state end
                        else new.generation = old.generation + 1
                             and old.state = any (''{SUCCEEDED,FAILED,CANCELLED,SKIPPED}'')
                             and new.state = any (%L::text[]) end)
         execute function pgflow._refuse_transition(%L)',
        p_table, v_moves, v_births, p_subject);

    execute pg_catalog.format('drop trigger if exists only_first_states on pgflow.%I', p_table);
    execute pg_catalog.format(
        'create trigger only_first_states before insert on pgflow.%I for each row
         when (not new.state = any (%L::text[]))
         execute function pgflow._refuse_birth(%L)',
        p_table, v_births, p_subject);
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

do $$
begin
    perform pgflow._guard_transitions('task', 'tasks');
    perform pgflow._guard_transitions('run', 'runs');
end;
$$;
