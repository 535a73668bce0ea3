-- _send_tasks: one message a task into the pgmq queue of its queue and priority.
--
-- Arrays are parallel; p_items null stands for item 0 throughout. Returns the message ids, parallel too.
-- The message names the task, nothing else: what the task needs is read when it is claimed.

create or replace function pgflow._send_tasks(
    p_run_ids     uuid[],
    p_steps       smallint[],
    p_items       int[],
    p_queues      text[],
    p_priorities  smallint[]
)
returns bigint[]
language plpgsql
set search_path = ''
as $$
declare
    v_group record;
    v_message_ids bigint[];
    v_all bigint[];
begin
    -- Nearly always, all go the same way.
    if p_queues[1] = all (p_queues) and p_priorities[1] = all (p_priorities) then
        return pgflow._send_messages(p_queues[1], p_priorities[1], p_run_ids, p_steps, p_items);
    end if;

    for v_group in
        select t.queue,
               t.priority,
               array_agg(t.run_id order by t.n) as run_ids,
               array_agg(t.step order by t.n) as steps,
               array_agg(t.item order by t.n) as items,
               array_agg(t.n order by t.n) as ns
        from unnest(p_run_ids, p_steps, p_items, p_queues, p_priorities)
            with ordinality t (run_id, step, item, queue, priority, n)
        group by t.queue, t.priority
        order by t.queue, t.priority
    loop
        v_message_ids := pgflow._send_messages(
            v_group.queue, v_group.priority, v_group.run_ids, v_group.steps, v_group.items);
        for i in 1 .. pg_catalog.cardinality(v_message_ids) loop
            v_all[v_group.ns[i]] := v_message_ids[i];
        end loop;
    end loop;
    return v_all;
end;
$$;

-- _send_messages: the same for tasks of one queue and one priority, straight into the table of pgmq's queue: what
-- pgmq.send_batch does, without the way through two statements that are planned anew each time.

create or replace function pgflow._send_messages(
    p_queue     text,
    p_priority  smallint,
    p_run_ids   uuid[],
    p_steps     smallint[],
    p_items     int[]
)
returns bigint[]
language plpgsql
set search_path = ''
as $$
declare
    v_message_ids bigint[];
begin
    -- The queue that nearly everybody uses, by a statement whose plan is kept.
    if p_queue = 'default' and p_priority = 2 then
        with sent as (
            insert into pgmq.q_pgf2_default (vt, message)
            select pg_catalog.clock_timestamp(),
                   pg_catalog.jsonb_build_object('run_id', t.run_id, 'step', t.step, 'item', coalesce(t.item, 0))
            from unnest(p_run_ids, p_steps, p_items) t (run_id, step, item)
            returning msg_id
        )
        select array_agg(s.msg_id)
        into v_message_ids
        from sent s;
        return v_message_ids;
    end if;

    execute pg_catalog.format(
        'with sent as (
             insert into pgmq.%I (vt, message)
             select pg_catalog.clock_timestamp(),
                    pg_catalog.jsonb_build_object(''run_id'', t.run_id, ''step'', t.step, ''item'', coalesce(t.item, 0))
             from unnest($1, $2, $3) t (run_id, step, item)
             returning msg_id
         )
         select array_agg(s.msg_id)
         from sent s',
        'q_' || pgflow._pgmq_queue(p_queue, p_priority))
    using p_run_ids, p_steps, p_items
    into v_message_ids;

    if p_priority <> 2 then
        update pgflow.queues q
        set uses_priorities = true
        where q.queue = p_queue
          and not q.uses_priorities;
    end if;
    return v_message_ids;
end;
$$;

-- _delete_messages: the messages of tasks that no longer wait or run.

create or replace function pgflow._delete_messages(
    p_queues       text[],
    p_priorities   smallint[],
    p_message_ids  bigint[]
)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_group record;
begin
    for v_group in
        select pgflow._pgmq_queue(m.queue, m.priority) as pgmq_queue,
               array_agg(m.message_id order by m.message_id) as message_ids
        from unnest(p_queues, p_priorities, p_message_ids) m (queue, priority, message_id)
        where m.message_id is not null
        group by m.queue, m.priority
        order by 1
    loop
        perform pgmq.delete(v_group.pgmq_queue, v_group.message_ids);
    end loop;
end;
$$;

-- _schedule: makes tasks SCHEDULED, with a message, by the transition given (3 schedule, 10 reschedule).
--
-- Those of limited steps go to the gate instead. Returns the queues that got work. The caller holds the locks of the tasks and knows that
-- they may go.

create or replace function pgflow._schedule(
    p_run_ids     uuid[],
    p_steps       smallint[],
    p_items       int[],
    p_transition  smallint,
    p_now         timestamptz
)
returns text[]
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_run_ids uuid[];
    v_steps smallint[];
    v_items int[];
    v_queues text[];
    v_priorities smallint[];
    v_message_ids bigint[];
    v_any_limited boolean;
    v_woken text[] := array[]::text[];
begin
    select array_agg(t.run_id) filter (where s.limits is null), array_agg(t.step) filter (where s.limits is null),
           array_agg(t.item) filter (where s.limits is null), array_agg(s.queue) filter (where s.limits is null),
           array_agg(t.priority) filter (where s.limits is null), bool_or(s.limits is not null)
    into v_run_ids, v_steps, v_items, v_queues, v_priorities, v_any_limited
    from unnest(p_run_ids, p_steps, p_items) r (run_id, step, item)
    join pgflow.tasks t on t.run_id = r.run_id and t.step = r.step and t.item = r.item
    join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step;
    if v_any_limited then
        v_woken := pgflow._schedule_limited(p_run_ids, p_steps, p_items, p_transition, p_now);
    end if;
    if v_run_ids is null then
        return v_woken;
    end if;

    v_message_ids := pgflow._send_tasks(v_run_ids, v_steps, v_items, v_queues, v_priorities);
    with scheduled as (
        update pgflow.tasks t
        set state = 'SCHEDULED',
            message_id = r.message_id,
            events = t.events + 1
        from unnest(v_run_ids, v_steps, v_items, v_message_ids) r (run_id, step, item, message_id)
        where t.run_id = r.run_id
          and t.step = r.step
          and t.item = r.item
        returning t.run_id, t.step, t.item, t.events, t.fence, t.generation, t.attempts
    )
    insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt)
    select s.run_id, p_now, s.item, s.events, s.fence, s.step, p_transition, s.generation, s.attempts
    from scheduled s;

    return v_woken || array(select distinct q.queue from unnest(v_queues) q (queue))::text[];
end;
$$;

-- _schedule_limited: those of the tasks whose steps have limits go to the gate.

create or replace function pgflow._schedule_limited(
    p_run_ids     uuid[],
    p_steps       smallint[],
    p_items       int[],
    p_transition  smallint,
    p_now         timestamptz
)
returns text[]
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_run_ids uuid[];
    v_steps smallint[];
    v_items int[];
begin
    select array_agg(r.run_id order by r.n), array_agg(r.step order by r.n), array_agg(r.item order by r.n)
    into v_run_ids, v_steps, v_items
    from unnest(p_run_ids, p_steps, p_items) with ordinality r (run_id, step, item, n)
    join pgflow.tasks t on t.run_id = r.run_id and t.step = r.step and t.item = r.item
    join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
    where s.limits is not null;
    return pgflow._gate(v_run_ids, v_steps, v_items, p_transition, p_now);
end;
$$;
