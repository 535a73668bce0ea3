-- start_runs: creates runs, many in one call, and schedules the steps that wait for nothing.
--
-- The caller chooses the run ids (time-ordered uuids are best), so a start whose answer was lost can be
-- asked again: a run id that exists is not started twice. A run whose idempotency key is taken is not
-- started either; the answer then carries the id of the run that holds the key.
-- Arrays are parallel; keys, labels, delays and priorities may hold nulls, or be null (none, none, now, normal).
--
-- Result, parallel to the requests: the run's id, and whether this call created it. Raises PF001 for a
-- workflow that does not exist and PF004 for an input that the workflow maps over and is no array.
-- Locks: the idempotency keys in order of workflow and key; otherwise only rows that it inserts.

create or replace function pgflow.start_runs(
    p_run_ids           uuid[],
    p_workflow_ids      bigint[],
    p_inputs            jsonb[],
    p_idempotency_keys  text[],
    p_labels            jsonb[],
    p_delays            interval[],
    p_priorities        smallint[],
    p_actor             text,
    out run_ids         uuid[],
    out created         boolean[],
    out woken_queues    text[],
    out to_settle    boolean
)
language plpgsql
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
declare
    v_now timestamptz := pgflow.clock();
    v_plain boolean := coalesce(pg_catalog.num_nonnulls(variadic p_delays), 0) = 0
        and coalesce(2 = all (pg_catalog.array_remove(p_priorities, null)), true);
    v_step smallint;
    v_queue text;
    v_asked record;
    v_new uuid[];
begin
    if v_plain
       and p_workflow_ids[1] = all (p_workflow_ids)
       and pg_catalog.cardinality(p_workflow_ids) = pg_catalog.cardinality(p_run_ids)
    then
        select s.step, s.queue
        into v_step, v_queue
        from pgflow.workflows w
        join pgflow.steps s on s.workflow_id = w.workflow_id
        where w.workflow_id = p_workflow_ids[1]
          and w.only_roots
          and w.sinks = 1;
    end if;
    if v_queue is null then
        v_asked := pgflow._check_start(p_workflow_ids, p_inputs, p_priorities);
    end if;

    run_ids := p_run_ids;
    if pg_catalog.num_nonnulls(variadic p_idempotency_keys) > 0 then
        run_ids := pgflow._take_idempotency_keys(p_run_ids, p_workflow_ids, p_idempotency_keys);
    end if;

    if v_queue is not null then
        v_new := pgflow._start_single_steps(
            p_run_ids, run_ids, p_workflow_ids[1], v_step, v_queue, p_inputs, p_labels, p_actor, v_now);
        woken_queues := case when v_new is not null then array[v_queue] end;
        to_settle := false;
    else
        select s.new_run_ids, s.woken_queues, s.to_settle
        into v_new, woken_queues, to_settle
        from pgflow._start_graphs(
            p_run_ids, run_ids, p_workflow_ids, p_inputs, p_labels, p_delays, p_priorities, v_asked.only_roots,
            p_actor, v_now) s;
        if v_asked.any_deadline and v_new is not null then
            perform pgflow._set_run_deadlines(v_new, v_now);
        end if;
    end if;

    if pg_catalog.cardinality(v_new) = pg_catalog.cardinality(p_run_ids) then
        created := pg_catalog.array_fill(true, array[pg_catalog.cardinality(p_run_ids)]);
    else
        created := array(
            select r.run_id = any (coalesce(v_new, '{}'))
            from unnest(p_run_ids) with ordinality r (run_id, n)
            order by r.n);
    end if;
end;
$$;

-- _start_single_steps: start_runs for what is started most: runs of one workflow with a single step, now and with normal
-- priority. What the other way looks up and passes on for each run is known here for all of them.
--
-- p_holders: the run that holds the idempotency key of each, itself when it is to be started. Returns the runs that are new.

create or replace function pgflow._start_single_steps(
    p_run_ids      uuid[],
    p_holders      uuid[],
    p_workflow_id  bigint,
    p_step         smallint,
    p_queue        text,
    p_inputs       jsonb[],
    p_labels       jsonb[],
    p_actor        text,
    p_now          timestamptz
)
returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
    v_new uuid[];
    v_message_ids bigint[];
begin
    with inserted as (
        insert into pgflow.runs (
            run_id, workflow_id, created_at, started_at, remaining_sinks, events, priority, state, input, labels)
        select r.run_id, p_workflow_id, p_now, p_now, 1, 1, 2, 'RUNNING', r.input, r.labels
        from unnest(p_run_ids, p_holders, p_inputs, p_labels) r (run_id, holder, input, labels)
        where r.run_id = r.holder
        on conflict on constraint runs_pkey do nothing
        returning runs.run_id
    )
    select array_agg(i.run_id)
    into v_new
    from inserted i;
    if v_new is null then
        return null;
    end if;

    --@pp start_runs-inserted
    v_message_ids := pgflow._send_messages(
        p_queue, 2::smallint, v_new, pg_catalog.array_fill(p_step, array[pg_catalog.cardinality(v_new)]), null);
    with scheduled as (
        insert into pgflow.tasks (run_id, workflow_id, message_id, item, remaining, events, step, priority, state)
        select n.run_id, p_workflow_id, n.message_id, 0, 0, 1, p_step, 2, 'SCHEDULED'
        from unnest(v_new, v_message_ids) n (run_id, message_id)
        returning tasks.run_id
    )
    insert into pgflow.audit (
        run_id, at, item, seq, fence, step, transition, generation, attempt, run_transition, actor)
    select s.run_id, p_now, 0, 1, 0, p_step, 2, 1, 0, 102, p_actor
    from scheduled s;
    return v_new;
end;
$$;

-- _start_graphs: start_runs for all others. p_holders is as above.

create or replace function pgflow._start_graphs(
    p_run_ids         uuid[],
    p_holders         uuid[],
    p_workflow_ids    bigint[],
    p_inputs          jsonb[],
    p_labels          jsonb[],
    p_delays          interval[],
    p_priorities      smallint[],
    p_only_roots      boolean,
    p_actor           text,
    p_now             timestamptz,
    out new_run_ids   uuid[],
    out woken_queues  text[],
    out to_settle  boolean
)
language plpgsql
set search_path = ''
as $$
declare
    v_delayed boolean := coalesce(pg_catalog.num_nonnulls(variadic p_delays) > 0, false);
    v_workflow_ids bigint[];
    v_priorities smallint[];
    v_starting boolean[];
begin
    with inserted as (
        insert into pgflow.runs (
            run_id, workflow_id, created_at, started_at, remaining_sinks, events, priority, state, input, labels)
        select r.run_id, r.workflow_id, p_now, case when not coalesce(r.delay > '0', false) then p_now end, w.sinks, 1,
               coalesce(r.priority, 2::smallint), case when r.delay > '0' then 'PENDING' else 'RUNNING' end,
               r.input, r.labels
        from unnest(p_run_ids, p_holders, p_workflow_ids, p_inputs, p_labels, p_delays, p_priorities)
            r (run_id, holder, workflow_id, input, labels, delay, priority)
        join pgflow.workflows w on w.workflow_id = r.workflow_id
        where r.run_id = r.holder
        on conflict on constraint runs_pkey do nothing
        returning runs.run_id, runs.workflow_id, runs.priority, runs.state
    )
    select array_agg(i.run_id), array_agg(i.workflow_id), array_agg(i.priority), array_agg(i.state = 'RUNNING')
    into new_run_ids, v_workflow_ids, v_priorities, v_starting
    from inserted i;

    if v_delayed then
        insert into pgflow.timers (run_id, step, item, due_at)
        select n.run_id, 0, 0, p_now + min(r.delay)
        from unnest(new_run_ids, v_starting) n (run_id, starting)
        join unnest(p_run_ids, p_holders, p_delays) r (run_id, holder, delay) on r.run_id = n.run_id
        where not n.starting
          and r.run_id = r.holder
          and r.delay > '0'
        group by n.run_id;
    end if;

    to_settle := false;
    if new_run_ids is not null then
        --@pp start_runs-inserted
        select t.woken_queues, t.to_settle
        into woken_queues, to_settle
        from pgflow._insert_tasks(
            new_run_ids, v_workflow_ids, v_priorities, v_starting, p_only_roots and not v_delayed, p_actor, p_now) t;
    end if;
end;
$$;

-- _check_start: refuses requests that could not become runs. Returns whether all steps of all their workflows wait for
-- nothing and are no maps, and whether any of the workflows gives its runs a deadline.

drop function if exists pgflow._check_start(bigint[], jsonb[], smallint[]);

create or replace function pgflow._check_start(
    p_workflow_ids  bigint[],
    p_inputs        jsonb[],
    p_priorities    smallint[],
    out only_roots    boolean,
    out any_deadline  boolean
)
language plpgsql
set search_path = ''
as $$
declare
    v_asked record;
begin
    select bool_and(w.workflow_id is not null) as known,
           bool_and(w.only_roots) as only_roots,
           bool_or(w.deadline is not null) as any_deadline,
           bool_or(s.step is not null) as no_array,
           bool_or(r.priority not between 1 and 3) as no_priority
    into v_asked
    from unnest(p_workflow_ids, p_inputs, p_priorities) r (workflow_id, input, priority)
    left join pgflow.workflows w on w.workflow_id = r.workflow_id
    left join pgflow.steps s
        on s.workflow_id = r.workflow_id
       and not w.only_roots
       and s.map_over = 0
       and s.map_part is null
       and pg_catalog.jsonb_typeof(r.input) <> 'array';

    if not v_asked.known or v_asked.no_array or v_asked.no_priority then
        perform pgflow._refuse_start(p_workflow_ids, p_inputs, p_priorities);
    end if;
    only_roots := v_asked.only_roots;
    any_deadline := v_asked.any_deadline;
end;
$$;

-- _refuse_start: says what is wrong with the first request that could not become a run.

create or replace function pgflow._refuse_start(
    p_workflow_ids  bigint[],
    p_inputs        jsonb[],
    p_priorities    smallint[]
)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_problem record;
begin
    select r.workflow_id, w.workflow_id is not null as known, s.name as step, r.priority
    into v_problem
    from unnest(p_workflow_ids, p_inputs, p_priorities) with ordinality r (workflow_id, input, priority, n)
    left join pgflow.workflows w on w.workflow_id = r.workflow_id
    left join pgflow.steps s
        on s.workflow_id = r.workflow_id
       and s.map_over = 0
       and s.map_part is null
       and pg_catalog.jsonb_typeof(r.input) <> 'array'
    where w.workflow_id is null
       or s.step is not null
       or r.priority not between 1 and 3
    order by r.n
    limit 1;

    if not v_problem.known then
        raise exception 'workflow id % is not known', v_problem.workflow_id
            using errcode = 'PF001', hint = 'Define the workflow first (define_workflow).';
    elsif v_problem.step is not null then
        raise exception 'step % maps over the input of the run, but the input is not an array', v_problem.step
            using errcode = 'PF004', hint = 'Start the run with a JSON array.';
    else
        raise exception 'priority % is not known', v_problem.priority
            using errcode = 'PF004', hint = 'Use 1 (high), 2 (normal) or 3 (low).';
    end if;
end;
$$;

-- _take_idempotency_keys: the run that each request stands for: its own, or the holder of its key.

create or replace function pgflow._take_idempotency_keys(
    p_run_ids           uuid[],
    p_workflow_ids      bigint[],
    p_idempotency_keys  text[]
)
returns uuid[]
language plpgsql
set search_path = ''
as $$
begin
    insert into pgflow.idempotency_keys (workflow_name, idempotency_key, run_id)
    select w.name, r.key, r.run_id
    from unnest(p_run_ids, p_workflow_ids, p_idempotency_keys) r (run_id, workflow_id, key)
    join pgflow.workflows w on w.workflow_id = r.workflow_id
    where r.key is not null
    order by w.name, r.key
    on conflict do nothing;

    return array(
        select coalesce(k.run_id, r.run_id)
        from unnest(p_run_ids, p_workflow_ids, p_idempotency_keys) with ordinality r (run_id, workflow_id, key, n)
        left join pgflow.workflows w on w.workflow_id = r.workflow_id
        left join pgflow.idempotency_keys k on k.workflow_name = w.name and k.idempotency_key = r.key
        order by r.n);
end;
$$;

-- _insert_tasks: the task rows of new runs. Where the run starts now, steps that wait for nothing begin as
-- SCHEDULED, with their message; those that are not simply scheduled open. p_only_roots: there are no other steps.

create or replace function pgflow._insert_tasks(
    p_run_ids       uuid[],
    p_workflow_ids  bigint[],
    p_priorities    smallint[],
    p_starting      boolean[],
    p_only_roots    boolean,
    p_actor         text,
    p_now           timestamptz,
    out woken_queues  text[],
    out to_settle  boolean
)
language plpgsql
set search_path = ''
as $$
declare
    v_run_ids uuid[];
    v_steps smallint[];
begin
    to_settle := false;
    if p_only_roots then
        woken_queues := pgflow._insert_roots(p_run_ids, p_workflow_ids, p_priorities, p_starting, p_actor, p_now);
        return;
    end if;

    insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt, actor)
    select r.run_id, p_now, 0, 1, 0, 0, case when r.starting then 102 else 101 end, 1, 0, p_actor
    from unnest(p_run_ids, p_workflow_ids, p_starting) r (run_id, workflow_id, starting)
    join pgflow.workflows w on w.workflow_id = r.workflow_id
    where not r.starting
       or w.first_root is null;

    woken_queues := pgflow._insert_roots(p_run_ids, p_workflow_ids, p_priorities, p_starting, p_actor, p_now);

    with awaiting as (
        insert into pgflow.tasks (run_id, workflow_id, item, remaining, events, step, priority, state)
        select r.run_id, r.workflow_id, 0, pg_catalog.cardinality(s.depends_on), 1, s.step, r.priority, 'PENDING'
        from unnest(p_run_ids, p_workflow_ids, p_priorities, p_starting) r (run_id, workflow_id, priority, starting)
        join pgflow.steps s on s.workflow_id = r.workflow_id
        where not r.starting
           or s.depends_on <> '{}'
           or s.opening <> 'schedule'
        returning tasks.run_id, tasks.step, tasks.remaining
    ),
    audited as (
        insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt)
        select a.run_id, p_now, 0, 1, 0, a.step, 1, 1, 0
        from awaiting a
    )
    select array_agg(a.run_id), array_agg(a.step)
    into v_run_ids, v_steps
    from awaiting a
    join unnest(p_run_ids, p_starting) r (run_id, starting) on r.run_id = a.run_id
    where a.remaining = 0
      and r.starting;

    if v_run_ids is not null then
        woken_queues := woken_queues || pgflow._open_steps(v_run_ids, v_steps, p_now);
        to_settle := true;
    end if;
end;
$$;

-- _insert_roots: the tasks that wait for nothing, SCHEDULED and with their message. The first of each run carries
-- the run's start in the audit. Returns the queues that got work.

create or replace function pgflow._insert_roots(
    p_run_ids       uuid[],
    p_workflow_ids  bigint[],
    p_priorities    smallint[],
    p_starting      boolean[],
    p_actor         text,
    p_now           timestamptz
)
returns text[]
language plpgsql
set search_path = ''
as $$
declare
    v_roots record;
    v_message_ids bigint[];
begin
    select array_agg(t.run_id) as run_ids,
           array_agg(t.workflow_id) as workflow_ids,
           array_agg(t.step) as steps,
           array_agg(t.queue) as queues,
           array_agg(t.priority) as priorities,
           array_agg(t.starts_run) as start_runs
    into v_roots
    from (
        select r.run_id, r.workflow_id, s.step, s.queue, r.priority, s.step = w.first_root as starts_run
        from unnest(p_run_ids, p_workflow_ids, p_priorities, p_starting)
            with ordinality r (run_id, workflow_id, priority, starting, n)
        join pgflow.workflows w on w.workflow_id = r.workflow_id
        join pgflow.steps s on s.workflow_id = r.workflow_id
        where r.starting
          and s.depends_on = '{}'
          and s.opening = 'schedule'
        order by r.n, s.step) t;
    if v_roots.run_ids is null then
        return null;
    end if;

    v_message_ids := pgflow._send_tasks(v_roots.run_ids, v_roots.steps, null, v_roots.queues, v_roots.priorities);
    insert into pgflow.tasks (run_id, workflow_id, message_id, item, remaining, events, step, priority, state)
    select t.run_id, t.workflow_id, t.message_id, 0, 0, 1, t.step, t.priority, 'SCHEDULED'
    from unnest(v_roots.run_ids, v_roots.workflow_ids, v_message_ids, v_roots.steps, v_roots.priorities)
        t (run_id, workflow_id, message_id, step, priority);

    insert into pgflow.audit (
        run_id, at, item, seq, fence, step, transition, generation, attempt, run_transition, actor)
    select t.run_id, p_now, 0, 1, 0, t.step, 2, 1, 0,
           case when t.starts_run then 102 end, case when t.starts_run then p_actor end
    from unnest(v_roots.run_ids, v_roots.steps, v_roots.start_runs) t (run_id, step, starts_run);

    return array(select distinct q.queue from unnest(v_roots.queues) q (queue))::text[];
end;
$$;
