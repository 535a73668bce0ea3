-- claim_tasks: a worker takes up to p_limit tasks of a queue, high priority first, oldest first.
--
-- Each comes under a new fence, which its report must carry, and with what its handler needs: the input
-- (the element, for an item of a map) and the outputs of its parents by step name. Counts the start, so
-- that a task which kills its worker cannot do so for ever. A worker gets only tasks whose handler it
-- registered; others it meets are parked for a worker that has it, and it reads on behind them.
-- Messages stay in the queue, hidden for p_visibility seconds: that is only the backstop, since the
-- heartbeat tells whether the worker lives. Raises PF006 when the worker was declared lost: register anew.
--
-- Locks: the worker (shared), the messages, then the tasks. Messages come before tasks here, against the one
-- order, so a claim waits for neither: what another transaction holds is passed over.

create or replace function pgflow.claim_tasks(
    p_worker_id   bigint,
    p_queue       text,
    p_limit       int,
    p_visibility  int default 300
)
returns table (
    run_id       uuid,
    workflow_id  bigint,
    step         smallint,
    item         int,
    fence        int,
    attempt      int,
    input        jsonb,
    outputs      jsonb
)
language plpgsql
rows 100
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
as $$
declare
    v_now timestamptz;
    v_handlers text[] := pgflow._living_worker(p_worker_id, p_queue);
    v_run_ids uuid[];
    v_steps smallint[];
    v_items int[];
    v_message_ids bigint[];
    v_priorities smallint[];
    v_left int := p_limit;
    v_claimed int;
begin
    -- What cannot be claimed must not hide what can; the bound keeps the transaction short.
    for v_round in 1 .. 20 loop
        select r.run_ids, r.steps, r.items, r.message_ids, r.priorities
        into v_run_ids, v_steps, v_items, v_message_ids, v_priorities
        from pgflow._read_messages(p_queue, v_left, p_visibility, v_handlers) r;
        exit when v_run_ids is null;

        --@pp claim_tasks-read
        v_now := pgflow.clock();
        return query
        select *
        from pgflow._claim(p_worker_id, v_handlers, v_run_ids, v_steps, v_items, v_message_ids, v_now);

        get diagnostics v_claimed = row_count;
        exit when v_claimed = pg_catalog.cardinality(v_run_ids);
        perform pgflow._settle_unclaimed(
            p_queue, v_handlers, v_run_ids, v_steps, v_items, v_message_ids, v_priorities, v_now);
        exit when pg_catalog.cardinality(v_run_ids) < v_left;
        v_left := v_left - v_claimed;
    end loop;
end;
$$;

-- _claim: takes those of the named tasks that wait for the named messages and for one of the handlers, and
-- that nobody has locked.

create or replace function pgflow._claim(
    p_worker_id    bigint,
    p_handlers     text[],
    p_run_ids      uuid[],
    p_steps        smallint[],
    p_items        int[],
    p_message_ids  bigint[],
    p_now          timestamptz
)
returns table (
    run_id       uuid,
    workflow_id  bigint,
    step         smallint,
    item         int,
    fence        int,
    attempt      int,
    input        jsonb,
    outputs      jsonb
)
language plpgsql
rows 100
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
as $$
begin
    return query
    with read as (
        select m.run_id, m.step, m.item, m.message_id
        from unnest(p_run_ids, p_steps, p_items, p_message_ids) m (run_id, step, item, message_id)
        order by m.run_id, m.step, m.item
    ),
    locked as (
        select t.run_id, t.step, t.item, s.depends_on
        from read m
        join pgflow.tasks t on t.run_id = m.run_id and t.step = m.step and t.item = m.item
        join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
        where t.message_id = m.message_id
          and t.state = 'SCHEDULED'
          and s.handler = any (p_handlers)
        for no key update of t skip locked
    ),
    claimed as (
        update pgflow.tasks t
        set state = 'RUNNING',
            worker_id = p_worker_id,
            fence = t.fence + 1,
            attempts = t.attempts + 1,
            events = t.events + 1
        from locked l
        where t.run_id = l.run_id
          and t.step = l.step
          and t.item = l.item
        returning t.run_id, t.workflow_id, t.step, t.item, t.fence, t.attempts, t.generation, t.events, t.input,
                  l.depends_on
    ),
    audited as (
        insert into pgflow.events (
            run_id, at, worker_id, item, seq, fence, step, transition, generation, attempt)
        select c.run_id, p_now, p_worker_id, c.item, c.events, c.fence, c.step, 4, c.generation, c.attempts
        from claimed c
    )
    select c.run_id, c.workflow_id, c.step, c.item, c.fence, c.attempts::int,
           case when c.item = 0 then r.input else c.input end,
           case when c.item = 0 and c.depends_on <> '{}' then (
               select pg_catalog.jsonb_object_agg(p.name, coalesce(t.output, 'null'))
               from unnest(c.depends_on) d (step)
               join pgflow.tasks t on t.run_id = c.run_id and t.step = d.step and t.item = 0
               join pgflow.steps p on p.workflow_id = c.workflow_id and p.step = d.step) end
    from claimed c
    join pgflow.runs r on r.run_id = c.run_id;
end;
$$;

-- _living_worker: the handlers of a worker that has not been declared lost, which it cannot be until this
-- transaction ends. It claims only from queues that it registered for: there its tasks are looked for when it
-- is lost.

create or replace function pgflow._living_worker(
    p_worker_id  bigint,
    p_queue      text
)
returns text[]
language plpgsql
set search_path = ''
as $$
declare
    v_handlers text[];
    v_queues text[];
begin
    select w.handlers, w.queues
    into v_handlers, v_queues
    from pgflow.workers w
    where w.worker_id = p_worker_id
      and w.ended_at is null
    for key share;
    if not found then
        raise exception 'worker % is not registered, or was declared lost', p_worker_id
            using errcode = 'PF006', hint = 'Register again (register_worker) and stop what the old one was running.';
    end if;
    if not coalesce(p_queue = any (v_queues), false) then
        raise exception 'worker % did not register for queue %', p_worker_id, coalesce(p_queue, 'null')
            using errcode = 'PF004', hint = 'Name the queue when the worker registers (register_worker).';
    end if;
    return v_handlers;
end;
$$;

-- _parent_outputs: the outputs of a step's parents, by their names; null when it has none.

create or replace function pgflow._parent_outputs(
    p_run_id       uuid,
    p_workflow_id  bigint,
    p_step         smallint
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
    v_depends_on smallint[];
begin
    select s.depends_on
    into v_depends_on
    from pgflow.steps s
    where s.workflow_id = p_workflow_id
      and s.step = p_step;
    if v_depends_on = '{}' then
        return null;
    end if;

    return (
        select pg_catalog.jsonb_object_agg(s.name, coalesce(t.output, 'null'))
        from unnest(v_depends_on) d (step)
        join pgflow.tasks t on t.run_id = p_run_id and t.step = d.step and t.item = 0
        join pgflow.steps s on s.workflow_id = p_workflow_id and s.step = d.step);
end;
$$;

-- step_inputs: the input of the run and the outputs of a step's parents, for handlers of map items, whose
-- claims carry only their element.

create or replace function pgflow.step_inputs(
    p_run_id  uuid,
    p_step    smallint,
    out input    jsonb,
    out outputs  jsonb
)
language plpgsql
stable
set search_path = ''
as $$
begin
    select r.input, pgflow._parent_outputs(r.run_id, r.workflow_id, p_step)
    into input, outputs
    from pgflow.runs r
    where r.run_id = p_run_id;
end;
$$;

-- _read_messages: hides up to p_limit messages of a queue and says which tasks they name. Tasks parked for
-- one of the handlers come first. A message that names no task is archived, never lost, never read again.

create or replace function pgflow._read_messages(
    p_queue       text,
    p_limit       int,
    p_visibility  int,
    p_handlers    text[],
    out run_ids      uuid[],
    out steps        smallint[],
    out items        int[],
    out message_ids  bigint[],
    out priorities   smallint[]
)
language plpgsql
set search_path = ''
as $$
declare
    v_priority smallint;
    v_pgmq_queue text;
    v_read record;
    v_left int := p_limit;
begin
    if exists (select from pgflow.parked_tasks p where p.queue = p_queue and p.handler = any (p_handlers)) then
        select u.run_ids, u.steps, u.items, u.message_ids, u.priorities
        into run_ids, steps, items, message_ids, priorities
        from pgflow._unpark(p_queue, p_handlers, p_limit) u;
        v_left := p_limit - coalesce(pg_catalog.cardinality(run_ids), 0);
    end if;

    foreach v_priority in array pgflow._priorities(p_queue) loop
        exit when v_left <= 0;
        v_pgmq_queue := pgflow._pgmq_queue(p_queue, v_priority);
        select array_agg((m.message ->> 'run_id')::uuid) filter (where m.named) as run_ids,
               array_agg((m.message ->> 'step')::smallint) filter (where m.named) as steps,
               array_agg((m.message ->> 'item')::int) filter (where m.named) as items,
               array_agg(m.msg_id) filter (where m.named) as message_ids,
               array_agg(v_priority) filter (where m.named) as priorities,
               array_agg(m.msg_id) filter (where not m.named) as nameless
        into v_read
        from (
            select r.msg_id, r.message, pgflow._names_a_task(r.message) as named
            from pgmq.read(v_pgmq_queue, p_visibility, v_left) r
            offset 0 -- keeps the check from being copied into each aggregate
        ) m;
        if v_read.nameless is not null then
            perform pgmq.archive(v_pgmq_queue, v_read.nameless);
        end if;
        run_ids := run_ids || v_read.run_ids;
        steps := steps || v_read.steps;
        items := items || v_read.items;
        message_ids := message_ids || v_read.message_ids;
        priorities := priorities || v_read.priorities;
        v_left := p_limit - coalesce(pg_catalog.cardinality(run_ids), 0);
    end loop;
end;
$$;

-- _priorities: which of the queue's three pgmq queues are worth reading, in their order.

create or replace function pgflow._priorities(
    p_queue  text
)
returns smallint[]
language plpgsql
stable
set search_path = ''
as $$
begin
    return (
        select case when q.uses_priorities then '{1,2,3}' else '{2}' end::smallint[]
        from pgflow.queues q
        where q.queue = p_queue);
end;
$$;

-- _names_a_task: whether a message is one of ours; anybody may write to a queue.

create or replace function pgflow._names_a_task(
    p_message  jsonb
)
returns boolean
language sql
immutable
as $$
    select coalesce(
        p_message ->> 'run_id' ~ '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'
            and p_message ->> 'step' ~ '^[0-9]{1,4}$'
            and p_message ->> 'item' ~ '^[0-9]{1,6}$',
        false);
$$;

-- _settle_unclaimed: what becomes of messages that a worker read but could not claim.
--
-- No task waits for the message (cancelled meanwhile, or scheduled again under another message): delete.
-- The task waits for a handler that this worker lacks: park. The task waits for this worker, but somebody held
-- its lock: show the message again. The task runs on another worker: leave hidden.

create or replace function pgflow._settle_unclaimed(
    p_queue        text,
    p_handlers     text[],
    p_run_ids      uuid[],
    p_steps        smallint[],
    p_items        int[],
    p_message_ids  bigint[],
    p_priorities   smallint[],
    p_now          timestamptz
)
returns void
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
as $$
begin
    insert into pgflow.parked_tasks (run_id, step, item, queue, handler, message_id, priority, parked_at)
    select t.run_id, t.step, t.item, p_queue, s.handler, t.message_id, t.priority, p_now
    from unnest(p_run_ids, p_steps, p_items, p_message_ids) m (run_id, step, item, message_id)
    join pgflow.tasks t on t.run_id = m.run_id and t.step = m.step and t.item = m.item
    join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
    where t.state = 'SCHEDULED'
      and t.message_id = m.message_id
      and not s.handler = any (p_handlers)
    order by t.run_id, t.step, t.item
    on conflict (run_id, step, item) do update
    set message_id = excluded.message_id;

    --@pp claim_tasks-parked
    perform pgmq.set_vt(pgflow._pgmq_queue(p_queue, m.priority), m.message_id, 0)
    from unnest(p_run_ids, p_steps, p_items, p_message_ids, p_priorities)
        m (run_id, step, item, message_id, priority)
    join pgflow.tasks t on t.run_id = m.run_id and t.step = m.step and t.item = m.item
    join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
    where t.state = 'SCHEDULED'
      and t.message_id = m.message_id
      and s.handler = any (p_handlers);

    perform pgflow._delete_messages(
        pg_catalog.array_fill(p_queue, array[pg_catalog.cardinality(g.message_ids)]), g.priorities, g.message_ids)
    from (
        select array_agg(m.priority) as priorities, array_agg(m.message_id) as message_ids
        from unnest(p_run_ids, p_steps, p_items, p_message_ids, p_priorities)
            m (run_id, step, item, message_id, priority)
        left join pgflow.tasks t on t.run_id = m.run_id and t.step = m.step and t.item = m.item
        where t.run_id is null
           or t.message_id is distinct from m.message_id
           or t.state not in ('SCHEDULED', 'RUNNING')) g
    where g.message_ids is not null;
end;
$$;

-- _unpark: takes parked tasks that one of the handlers can run, oldest first.

create or replace function pgflow._unpark(
    p_queue     text,
    p_handlers  text[],
    p_limit     int,
    out run_ids      uuid[],
    out steps        smallint[],
    out items        int[],
    out message_ids  bigint[],
    out priorities   smallint[]
)
language plpgsql
set search_path = ''
as $$
begin
    with taken as (
        delete from pgflow.parked_tasks p
        using (
            select q.run_id, q.step, q.item
            from pgflow.parked_tasks q
            where q.queue = p_queue
              and q.handler = any (p_handlers)
            order by q.parked_at
            limit p_limit
            for update skip locked) q
        where p.run_id = q.run_id
          and p.step = q.step
          and p.item = q.item
        returning p.run_id, p.step, p.item, p.message_id, p.priority
    )
    select array_agg(t.run_id), array_agg(t.step), array_agg(t.item), array_agg(t.message_id), array_agg(t.priority)
    into run_ids, steps, items, message_ids, priorities
    from taken t;
end;
$$;
