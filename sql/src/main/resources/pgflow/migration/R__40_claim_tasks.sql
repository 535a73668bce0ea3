-- claim_tasks: a worker takes up to p_limit tasks of a queue, high priority first, oldest first.
--
-- Each comes under a new fence, which its report must carry, and with what its handler needs: the input
-- (the element, for an item of a map) and the outputs of its parents by step name. Counts the start, so
-- that a task which kills its worker cannot do so for ever. A worker gets only tasks whose handler it
-- registered; others it meets are parked for a worker that has it, and it reads on behind them. What is paused is not claimed
-- (_claim_by_rules).
-- The messages leave the queue in this transaction; from then on the worker's heartbeat stands for its tasks, and
-- what it holds is noted in pgflow.claims.
-- Raises PF006 when the worker was declared lost: register anew.
--
-- Locks: the worker (shared), the messages, then the tasks. Messages come before tasks here, against the one
-- order, so a claim waits for neither: what another transaction holds is passed over.

create or replace function pgflow.claim_tasks(
    p_worker_id  bigint,
    p_queue      text,
    p_limit      int
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
set enable_bitmapscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
    v_now timestamptz;
    v_handlers text[] := pgflow._living_worker(p_worker_id, p_queue);
    v_taken record;
    v_left int := p_limit;
    v_claimed int;
begin
    if exists (select from pgflow.claim_rules) then
        return query
        select *
        from pgflow._claim_by_rules(p_worker_id, v_handlers, p_queue, p_limit);
        return;
    end if;

    -- What cannot be claimed must not hide what can; the bound keeps the transaction short.
    for v_round in 1 .. 20 loop
        select t.run_ids, t.steps, t.items, t.message_ids
        into v_taken
        from pgflow._take_messages(p_queue, v_left, v_handlers) t;
        exit when v_taken.run_ids is null;

        --@pp claim_tasks-read
        v_now := pgflow.clock();
        return query
        select *
        from pgflow._claim(
            p_worker_id, v_handlers, v_taken.run_ids, v_taken.steps, v_taken.items, v_taken.message_ids, v_now);

        get diagnostics v_claimed = row_count;
        exit when v_claimed = pg_catalog.cardinality(v_taken.run_ids);
        perform pgflow._park_unclaimed(
            p_queue, v_taken.run_ids, v_taken.steps, v_taken.items, v_taken.message_ids, v_now);
        exit when pg_catalog.cardinality(v_taken.run_ids) < v_left;
        v_left := v_left - v_claimed;
    end loop;
end;
$$;

-- _claim: takes those of the named tasks that wait for the named messages and for one of the handlers, and
-- that nobody has locked. A note has at most 80 tasks, so that its row stays on its page.

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
set enable_bitmapscan = off
as $$
begin
    return query
    with read as (
        select m.run_id, m.step, m.item, m.message_id
        from unnest(p_run_ids, p_steps, p_items, p_message_ids) m (run_id, step, item, message_id)
        order by m.run_id, m.step, m.item
    ),
    locked as (
        select t.ctid as place, s.depends_on -- where it stays, since it is locked
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
            message_id = null,
            worker_id = p_worker_id,
            fence = t.fence + 1,
            attempts = t.attempts + 1,
            events = t.events + 1
        from locked l
        where t.ctid = l.place
        returning t.run_id, t.workflow_id, t.step, t.item, t.fence, t.attempts, t.generation, t.events, t.input,
                  l.depends_on
    ),
    audited as (
        insert into pgflow.audit (
            run_id, at, worker_id, item, seq, fence, step, transition, generation, attempt)
        select c.run_id, p_now, p_worker_id, c.item, c.events, c.fence, c.step, 4, c.generation, c.attempts
        from claimed c
    ),
    noted as (
        insert into pgflow.claims (worker_id, run_ids, steps, items)
        select p_worker_id, array_agg(n.run_id), array_agg(n.step), array_agg(n.item)
        from (select c.run_id, c.step, c.item, row_number() over () / 80 as note from claimed c) n
        group by n.note
    )
    select c.run_id, c.workflow_id::bigint, c.step, c.item, c.fence, c.attempts::int,
           case when c.item = 0 then r.input else c.input end,
           case when c.item = 0 and c.depends_on <> '{}' then (
               select pg_catalog.jsonb_object_agg(p.name, coalesce(t.output, 'null'))
               from unnest(c.depends_on) d (step)
               join pgflow.tasks t on t.run_id = c.run_id and t.step = d.step and t.item = 0
               join pgflow.steps p on p.workflow_id = c.workflow_id and p.step = d.step) end
    from claimed c
    join pgflow.runs r on r.run_id = c.run_id
    order by r.priority, c.run_id, c.step, c.item;
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

-- _take_messages: takes up to p_limit messages out of a queue and says which tasks they name. Tasks parked for
-- one of the handlers come first.

create or replace function pgflow._take_messages(
    p_queue     text,
    p_limit     int,
    p_handlers  text[],
    out run_ids      uuid[],
    out steps        smallint[],
    out items        int[],
    out message_ids  bigint[]
)
language plpgsql
set search_path = ''
as $$
declare
    v_priority smallint;
    v_taken record;
    v_left int := p_limit;
begin
    if exists (select from pgflow.parked_tasks p where p.queue = p_queue and p.handler = any (p_handlers)) then
        select u.run_ids, u.steps, u.items, u.message_ids
        into run_ids, steps, items, message_ids
        from pgflow._unpark(p_queue, p_handlers, p_limit) u;
        v_left := p_limit - coalesce(pg_catalog.cardinality(run_ids), 0);
    end if;

    foreach v_priority in array pgflow._priorities(p_queue) loop
        exit when v_left <= 0;
        select t.run_ids, t.steps, t.items, t.message_ids
        into v_taken
        from pgflow._take_from(pgflow._pgmq_queue(p_queue, v_priority), v_left) t;
        if v_taken.run_ids is not null then
            run_ids := run_ids || v_taken.run_ids;
            steps := steps || v_taken.steps;
            items := items || v_taken.items;
            message_ids := message_ids || v_taken.message_ids;
            v_left := p_limit - pg_catalog.cardinality(run_ids);
        end if;
    end loop;
end;
$$;

-- _take_from: the tasks that the oldest messages of a queue of pgmq name, and takes those messages out. A message
-- that names no task is archived, never lost, never read again. Nearly always every message is one of ours, so they
-- are simply taken apart; when one cannot be, each is looked at.

create or replace function pgflow._take_from(
    p_pgmq_queue  text,
    p_limit       int,
    out run_ids      uuid[],
    out steps        smallint[],
    out items        int[],
    out message_ids  bigint[]
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_messages jsonb[];
begin
    select p.message_ids, p.messages
    into message_ids, v_messages
    from pgflow._pop(p_pgmq_queue, p_limit) p;
    if message_ids is null then
        return;
    end if;

    begin
        select array_agg((m.message ->> 'run_id')::uuid),
               array_agg((m.message ->> 'step')::smallint),
               array_agg((m.message ->> 'item')::int)
        into run_ids, steps, items
        from unnest(v_messages) m (message);
    exception
        when data_exception then
            run_ids := array[null::uuid];
    end;
    if pg_catalog.array_position(run_ids, null) is not null
       or pg_catalog.array_position(steps, null) is not null
       or pg_catalog.array_position(items, null) is not null then
        perform pgflow._archive_foreign(p_pgmq_queue, message_ids, v_messages);
        select array_agg((m.message ->> 'run_id')::uuid),
               array_agg((m.message ->> 'step')::smallint),
               array_agg((m.message ->> 'item')::int),
               array_agg(m.message_id)
        into run_ids, steps, items, message_ids
        from (
            select m.message_id, m.message
            from unnest(message_ids, v_messages) m (message_id, message)
            where pgflow._names_a_task(m.message)
            offset 0 -- keeps the casts behind the check
        ) m;
    end if;
end;
$$;

-- _pop: takes the oldest visible messages out of a queue of pgmq, like pgmq.pop, but does not begin at its start.
--
-- While some transaction stays open, messages that were taken long ago cannot be cleared away, and whoever looks from
-- the start passes all of them. So a session remembers (in a setting of its own) where the oldest message stood when it
-- last looked from the start, and looks from there. About once a second it looks from the start again, since a message
-- with a lower id may turn up late; less often where that is slow, so that it never takes more than a tenth of the time.

create or replace function pgflow._pop(
    p_pgmq_queue  text,
    p_limit       int,
    out message_ids  bigint[],
    out messages     jsonb[]
)
language plpgsql
set search_path = ''
as $$
declare
    v_place text := 'pgflow.place_' || p_pgmq_queue;
    v_memory text[] := pg_catalog.string_to_array(pg_catalog.current_setting(v_place, true), ' ');
    v_from bigint := v_memory[1];
    v_last bigint := coalesce(v_memory[2]::bigint, 0);
    v_look_again double precision := v_memory[3];
    v_now double precision := extract(epoch from pg_catalog.clock_timestamp());
    v_from_start boolean := coalesce(v_now >= v_look_again, true);
begin
    select p.message_ids, p.messages
    into message_ids, messages
    from pgflow._pop_from(p_pgmq_queue, case when v_from_start then 0 else v_from end, p_limit) p;

    if v_from_start then
        v_from := coalesce((select min(m.id) from unnest(message_ids) m (id)), v_last);
        v_look_again := v_now + greatest(1, 10 * (extract(epoch from pg_catalog.clock_timestamp()) - v_now));
    elsif message_ids is null then
        return;
    end if;
    v_last := greatest(v_last, (select max(m.id) from unnest(message_ids) m (id)));
    perform pg_catalog.set_config(v_place, pg_catalog.concat_ws(' ', v_from, v_last, v_look_again), false);
end;
$$;

-- _pop_from: the same, from a message on.

create or replace function pgflow._pop_from(
    p_pgmq_queue  text,
    p_from        bigint,
    p_limit       int,
    out message_ids  bigint[],
    out messages     jsonb[]
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
    execute pg_catalog.format(
        'with taken as (
             delete from pgmq.%1$I q
             where q.ctid = any (array(
                 select o.ctid
                 from pgmq.%1$I o
                 where o.msg_id >= $1
                   and o.vt <= pg_catalog.clock_timestamp()
                 order by o.msg_id
                 limit $2
                 for update skip locked))
             returning q.msg_id, q.message
         )
         select array_agg(t.msg_id), array_agg(t.message)
         from taken t',
        'q_' || p_pgmq_queue)
    using p_from, p_limit
    into message_ids, messages;
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

-- _archive_foreign: keeps messages that name no task.

create or replace function pgflow._archive_foreign(
    p_pgmq_queue   text,
    p_message_ids  bigint[],
    p_messages     jsonb[]
)
returns void
language plpgsql
set search_path = ''
as $$
begin
    execute pg_catalog.format(
        'insert into pgmq.%I (msg_id, vt, message)
         select m.message_id, pg_catalog.clock_timestamp(), m.message
         from unnest($1, $2) m (message_id, message)
         where not pgflow._names_a_task(m.message)',
        'a_' || p_pgmq_queue)
    using p_message_ids, p_messages;
end;
$$;

-- _park_unclaimed: what becomes of tasks whose message was taken and which were not claimed. One that waits for
-- another worker's handler, or that somebody held, is parked; the others have ended, or wait under another message.

create or replace function pgflow._park_unclaimed(
    p_queue        text,
    p_run_ids      uuid[],
    p_steps        smallint[],
    p_items        int[],
    p_message_ids  bigint[],
    p_now          timestamptz
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
    insert into pgflow.parked_tasks (run_id, step, item, queue, handler, message_id, parked_at)
    select t.run_id, t.step, t.item, p_queue, s.handler, t.message_id, p_now
    from unnest(p_run_ids, p_steps, p_items, p_message_ids) m (run_id, step, item, message_id)
    join pgflow.tasks t on t.run_id = m.run_id and t.step = m.step and t.item = m.item
    join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
    where t.state = 'SCHEDULED'
      and t.message_id = m.message_id
    order by t.run_id, t.step, t.item
    on conflict (run_id, step, item) do update
    set message_id = excluded.message_id,
        handler = excluded.handler,
        rule_id = null;
    --@pp claim_tasks-parked
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
    out message_ids  bigint[]
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
            order by q.parked_at, q.message_id
            limit p_limit
            for update skip locked) q
        where p.run_id = q.run_id
          and p.step = q.step
          and p.item = q.item
        returning p.run_id, p.step, p.item, p.message_id
    )
    select array_agg(t.run_id), array_agg(t.step), array_agg(t.item), array_agg(t.message_id)
    into run_ids, steps, items, message_ids
    from taken t;
end;
$$;
