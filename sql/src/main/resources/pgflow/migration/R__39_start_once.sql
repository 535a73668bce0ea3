-- start_once: starts a run unless one stands for the key of the workflow already.
--
-- p_how: unfinished, one stands for the key while it has not ended; within, for p_period from its start on, also when it has ended;
-- debounce, until it begins: it begins p_period after the last of the starts that it stands for, at most p_max_wait after the
-- first, with the last one's input. The caller chooses the run id, as for start_runs, so the call may be repeated: a start that has
-- had its effect gives the same run again and changes nothing, whatever came after it.
--
-- Result: the run; started, existing or replaced (the input of one that had not begun); what start_runs says; when a delayed run is due.
-- Locks: the key; then the run; at last keys that stand for nothing any more, passing over those that somebody is at.

create or replace function pgflow.start_once(
    p_run_id       uuid,
    p_workflow_id  bigint,
    p_input        jsonb,
    p_labels       jsonb,
    p_priority     smallint,
    p_actor        text,
    p_how          text,
    p_key          text,
    p_period       interval,
    p_max_wait     interval,
    out run_id        uuid,
    out outcome       text,
    out woken_queues  text[],
    out to_settle     boolean,
    out next_due_in   interval
)
language plpgsql
set search_path = ''
as $$
declare
    v_now timestamptz := pgflow.clock();
    v_key text := p_how || ' ' || p_key;
    v_name text;
    v_held record;
begin
    perform pgflow._check_once(p_how, p_key, p_period, p_max_wait);
    perform pgflow._check_start(array[p_workflow_id], array[p_input], array[p_priority]);
    select w.name
    into v_name
    from pgflow.workflows w
    where w.workflow_id = p_workflow_id;

    loop -- until it is there and ours: somebody may drop it in between
        insert into pgflow.start_keys (workflow_name, start_key, run_id, first_at, keep_until)
        values (v_name, v_key, p_run_id, v_now, v_now + greatest(p_period, '1 hour'))
        on conflict do nothing;
        select k.run_id, k.first_at
        into v_held
        from pgflow.start_keys k
        where k.workflow_name = v_name
          and k.start_key = v_key
        for update;
        exit when found;
    end loop;
    --@pp start_once-locked

    v_now := pgflow.clock();
    to_settle := false;
    select k.run_id, k.outcome
    into run_id, outcome
    from pgflow._known_start(p_run_id) k;
    if outcome = 'replaced' then
        delete from pgflow.start_keys k -- the row that it made just now, if no other start has the key
        where k.workflow_name = v_name
          and k.start_key = v_key
          and k.run_id = p_run_id;
    elsif outcome is null and v_held.run_id <> p_run_id then
        run_id := v_held.run_id;
        outcome := case p_how
            when 'debounce' then pgflow._replace_start(
                v_held.run_id, p_run_id, p_workflow_id, p_input, p_actor,
                least(v_now + p_period, v_held.first_at + p_max_wait), v_now)
            else ( -- not one that was removed
                select 'existing'
                from pgflow.runs r
                where r.run_id = v_held.run_id
                  and case p_how when 'within' then v_held.first_at + p_period > v_now else r.ended_at is null end)
        end;
        update pgflow.start_keys k -- it has been asked for with a longer period now
        set keep_until = v_held.first_at + p_period
        where p_how = 'within'
          and outcome = 'existing'
          and k.workflow_name = v_name
          and k.start_key = v_key
          and k.keep_until < v_held.first_at + p_period;
    end if;
    if outcome is null then
        run_id := p_run_id;
        outcome := 'started';
        update pgflow.start_keys k
        set run_id = p_run_id,
            first_at = case when v_held.run_id = p_run_id then k.first_at else v_now end,
            keep_until = v_now + greatest(p_period, '1 hour')
        where k.workflow_name = v_name
          and k.start_key = v_key;
        select s.woken_queues, s.to_settle
        into woken_queues, to_settle
        from pgflow.start_runs(
            array[p_run_id], array[p_workflow_id], array[p_input], null, array[p_labels],
            array[case p_how when 'debounce' then least(p_period, p_max_wait) end], array[p_priority], p_actor) s;
    end if;
    if p_how = 'debounce' then
        next_due_in := (select t.due_at from pgflow.timers t where t.run_id = start_once.run_id and t.step = 0 and t.item = 0) - v_now;
    end if;
    perform pgflow._drop_start_keys(v_now); -- at last: who holds keys of others waits for nobody
end;
$$;

-- _check_once: refuses what cannot stand for a run.

create or replace function pgflow._check_once(
    p_how       text,
    p_key       text,
    p_period    interval,
    p_max_wait  interval
)
returns void
language plpgsql
set search_path = ''
as $$
begin
    if not coalesce(p_how in ('unfinished', 'within', 'debounce'), false)
       or p_key is null
       or p_how <> 'unfinished' and not coalesce(p_period > '0', false)
       or p_how = 'debounce' and not coalesce(p_max_wait >= p_period, false)
    then
        raise exception 'a start cannot stand for % (%, %, %)', coalesce(p_key, 'no key'), p_how, p_period, p_max_wait
            using errcode = 'PF004',
                  hint = 'Say unfinished, within a period, or debounce by a period with a maximum wait that is not shorter; and a key.';
    end if;
end;
$$;

-- _known_start: what became of a start that was asked before: its own run, or the one that it replaced the input of.

create or replace function pgflow._known_start(
    p_start_id  uuid
)
returns table (run_id uuid, outcome text)
language sql
stable
as $$
    select r.run_id, 'started'
    from pgflow.runs r
    where r.run_id = p_start_id
    union all
    select s.run_id, 'replaced'
    from pgflow.replaced_starts s
    where s.start_id = p_start_id;
$$;

-- _replace_start: a run that has not begun gets another input, and begins at another time, which moves its deadline. Null when it has begun,
-- has ended, or is of another version of its workflow: that one is cancelled, so that only the new one begins.
-- Locks: the run.

create or replace function pgflow._replace_start(
    p_run_id       uuid,
    p_start_id     uuid,
    p_workflow_id  bigint,
    p_input        jsonb,
    p_actor        text,
    p_due_at       timestamptz,
    p_now          timestamptz
)
returns text
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_workflow_id bigint;
begin
    select r.workflow_id
    into v_workflow_id
    from pgflow.runs r
    where r.run_id = p_run_id
      and r.state = 'PENDING'
    for no key update;
    if not found then
        return null;
    elsif v_workflow_id <> p_workflow_id then
        perform pgflow.cancel_runs(array[p_run_id], p_actor, 'another version of its workflow was started in its place');
        return null;
    end if;

    update pgflow.deadlines d
    set due_at = d.due_at + (p_due_at - t.due_at)
    from pgflow.timers t
    where t.run_id = p_run_id
      and t.step = 0
      and t.item = 0
      and d.run_id = p_run_id
      and d.step = 0;
    update pgflow.timers t
    set due_at = p_due_at
    where t.run_id = p_run_id
      and t.step = 0
      and t.item = 0;
    perform pgflow._replace_input(p_run_id, p_start_id, p_input, p_actor, p_now);
    return 'replaced';
end;
$$;

-- _replace_input: the input of a run is that of a later start, and the history says whose. The inputs stand there as hashes (SHA-256 of
-- the text of the jsonb).

create or replace function pgflow._replace_input(
    p_run_id    uuid,
    p_start_id  uuid,
    p_input     jsonb,
    p_actor     text,
    p_now       timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
begin
    insert into pgflow.replaced_starts (start_id, run_id, actor)
    values (p_start_id, p_run_id, p_actor);

    with before as (
        select r.run_id, r.input
        from pgflow.runs r
        where r.run_id = p_run_id
    ),
    replaced as (
        update pgflow.runs r
        set input = p_input,
            events = r.events + 1
        from before b
        where r.run_id = b.run_id
        returning r.events, r.generation, b.input
    )
    insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt, actor, detail)
    select p_run_id, p_now, 0, n.events, 0, 0, 118, n.generation, 0, p_actor,
           pg_catalog.jsonb_build_object(
               'start', p_start_id, 'input', pgflow._input_hash(p_input), 'inputBefore', pgflow._input_hash(n.input))
    from replaced n;
end;
$$;

create or replace function pgflow._input_hash(
    p_input  jsonb
)
returns text
language sql
immutable
as $$
    select pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(p_input::text, 'UTF8')), 'hex');
$$;

-- _also_started_by: who replaced the input of a run, or of one above it, before it began: the run stands for their starts too. An empty name
-- for a start without an actor.

create or replace function pgflow._also_started_by(
    p_run_id  uuid
)
returns text[]
language plpgsql
stable
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
    return array(
        with recursive above as (
            select p_run_id as run_id
            union all
            select s.run_id
            from above a
            join pgflow.sub_runs s on s.child_run_id = a.run_id
        )
        select distinct coalesce(r.actor, '')
        from above a
        join pgflow.replaced_starts r on r.run_id = a.run_id);
end;
$$;

-- _forget_starts: of runs that are removed. Keys that somebody is at stay until they are dropped: he may be waiting for the run.

create or replace function pgflow._forget_starts(
    p_run_ids  uuid[]
)
returns void
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
    delete from pgflow.start_keys k
    using (
        select o.workflow_name, o.start_key
        from unnest(p_run_ids) u (run_id)
        join pgflow.start_keys o on o.run_id = u.run_id
        for update of o skip locked) gone
    where k.workflow_name = gone.workflow_name
      and k.start_key = gone.start_key;
    delete from pgflow.replaced_starts s
    using unnest(p_run_ids) u (run_id)
    where s.run_id = u.run_id;
end;
$$;

-- _drop_start_keys: some of the keys that stand for nothing any more, passing over those that somebody is at.

create or replace function pgflow._drop_start_keys(
    p_now  timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
begin
    delete from pgflow.start_keys k
    using (
        select o.workflow_name, o.start_key
        from pgflow.start_keys o
        where o.keep_until < p_now
          and not exists (select from pgflow.runs r where r.run_id = o.run_id and r.ended_at is null)
        order by o.keep_until
        limit 10
        for update skip locked) gone
    where k.workflow_name = gone.workflow_name
      and k.start_key = gone.start_key;
end;
$$;
