-- register_worker: a process says that it works, on which queues, with which handlers. It must beat its
-- heart (heartbeat) at least every p_expires_after, or its tasks are handed to others.

create or replace function pgflow.register_worker(
    p_name           text,
    p_queues         text[],
    p_handlers       text[],
    p_expires_after  interval default '10 seconds'
)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
    v_worker_id bigint;
begin
    perform pgflow.create_queue(q.queue)
    from (select distinct u.queue from unnest(p_queues) u (queue) order by 1) q;

    insert into pgflow.workers (name, queues, handlers, expires_after, started_at, heartbeat_at)
    values (p_name, p_queues, p_handlers, p_expires_after, pgflow.clock(), pgflow.clock())
    returning worker_id
    into v_worker_id;
    return v_worker_id;
end;
$$;

-- heartbeat: a worker says that it lives and which tasks it is running.
--
-- Returns whether it still counts as alive (if not: stop everything, register anew), and the positions of
-- tasks that are no longer its own (cancelled, or taken away): their handlers should be interrupted.
-- Locks: the worker, which keeps the notes of its claims from those who would hand on what it holds.

create or replace function pgflow.heartbeat(
    p_worker_id  bigint,
    p_run_ids    uuid[],
    p_steps      smallint[],
    p_items      int[],
    p_fences     int[],
    out alive  boolean,
    out lost   int[]
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
    update pgflow.workers w
    set heartbeat_at = pgflow.clock()
    where w.worker_id = p_worker_id
      and w.ended_at is null;
    alive := found;
    if alive then
        perform pgflow._condense_claims(p_worker_id);
    end if;

    select array_agg(h.n::int order by h.n)
    into lost
    from unnest(p_run_ids, p_steps, p_items, p_fences) with ordinality h (run_id, step, item, fence, n)
    left join pgflow.tasks t on t.run_id = h.run_id and t.step = h.step and t.item = h.item
    where t.fence is distinct from h.fence
       or t.state <> 'RUNNING';
end;
$$;

-- _condense_claims: forgets the notes of a worker's claims, but for the tasks that it still holds. It goes by the tasks
-- themselves, not by what the worker says: a task that runs is never without a note.

create or replace function pgflow._condense_claims(
    p_worker_id  bigint
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
    with forgotten as (
        delete from pgflow.claims c
        where c.worker_id = p_worker_id
        returning c.run_ids, c.steps, c.items
    )
    insert into pgflow.claims (worker_id, run_ids, steps, items)
    select p_worker_id, array_agg(h.run_id), array_agg(h.step), array_agg(h.item)
    from (
        select t.run_id, t.step, t.item, row_number() over () / 80 as note
        from forgotten f
        cross join lateral unnest(f.run_ids, f.steps, f.items) n (run_id, step, item)
        join pgflow.tasks t on t.run_id = n.run_id and t.step = n.step and t.item = n.item
        where t.worker_id = p_worker_id
          and t.state = 'RUNNING') h
    group by h.note;
end;
$$;

-- retire_worker: a worker stops in good order. What it still holds is scheduled again at once.
--
-- Locks: the worker (waits for a claim that is still on its way), then as in fail_tasks.

create or replace function pgflow.retire_worker(
    p_worker_id  bigint,
    out released      int,
    out woken_queues  text[]
)
language plpgsql
set search_path = ''
as $$
begin
    perform pgflow._await_claims(p_worker_id);
    update pgflow.workers w
    set ended_at = pgflow.clock(),
        end_cause = 'retired'
    where w.worker_id = p_worker_id
      and w.ended_at is null;

    select r.released, r.woken_queues
    into released, woken_queues
    from pgflow._release_held(p_worker_id, 'released', '{}', '{}', '{}', 100000) r;
end;
$$;

-- recover_claims: a worker whose claim may have succeeded without its knowledge (the answer was lost) names
-- all the tasks that it knows it holds; others that the database thinks it holds are scheduled again.
--
-- Locks: the worker (waits for a claim that is still on its way), then as in fail_tasks.

create or replace function pgflow.recover_claims(
    p_worker_id  bigint,
    p_run_ids    uuid[],
    p_steps      smallint[],
    p_items      int[],
    out released      int,
    out woken_queues  text[]
)
language plpgsql
set search_path = ''
as $$
begin
    perform pgflow._await_claims(p_worker_id);
    select r.released, r.woken_queues
    into released, woken_queues
    from pgflow._release_held(p_worker_id, 'released', p_run_ids, p_steps, p_items, 100000) r;
end;
$$;

-- _await_claims: waits until no claim of a worker is on its way, and lets none begin until this transaction
-- ends: what a claim took that had not committed would be seen by nobody.

create or replace function pgflow._await_claims(
    p_worker_id  bigint
)
returns void
language plpgsql
set search_path = ''
as $$
begin
    perform 1
    from pgflow.workers w
    where w.worker_id = p_worker_id
    for update;
end;
$$;

-- expire_workers: declares workers lost whose heart has not beaten for too long, and hands on what they
-- held. Any process may call it at any time. `left_over` says that more tasks wait to be handed on.
--
-- Locks: the worker (so that it cannot claim meanwhile), then as in fail_tasks.

create or replace function pgflow.expire_workers(
    p_limit  int default 1000,
    out lost_workers   bigint[],
    out recovered      int,
    out ended_run_ids  uuid[],
    out woken_queues   text[],
    out left_over      boolean
)
language plpgsql
set search_path = ''
as $$
declare
    v_worker_id bigint;
    v_handed record;
begin
    recovered := 0;
    left_over := false;
    with silent as (
        select w.worker_id
        from pgflow.workers w
        where w.recovered_at is null
          and w.end_cause is distinct from 'retired'
          and w.ended_at is null
          and w.heartbeat_at + w.expires_after < pgflow.clock()
        for update skip locked
    ),
    lost as (
        update pgflow.workers w
        set ended_at = pgflow.clock(),
            end_cause = 'lost'
        from silent s
        where w.worker_id = s.worker_id
        returning w.worker_id
    )
    select array_agg(l.worker_id)
    into lost_workers
    from lost l;

    select w.worker_id
    into v_worker_id
    from pgflow.workers w
    where w.recovered_at is null
      and w.end_cause is distinct from 'retired'
      and w.end_cause = 'lost'
    order by w.worker_id
    limit 1
    for update skip locked;
    if not found then
        return;
    end if;

    select r.*
    into v_handed
    from pgflow._release_held(v_worker_id, 'lost', '{}', '{}', '{}', p_limit) r;
    recovered := v_handed.released;
    ended_run_ids := v_handed.ended_run_ids;
    woken_queues := v_handed.woken_queues;
    left_over := true;
    if v_handed.held < p_limit then
        update pgflow.workers w
        set recovered_at = pgflow.clock()
        where w.worker_id = v_worker_id;
    end if;
end;
$$;

-- _release_held: ends the attempts of tasks that a worker holds, but for the known ones. What it holds is found through
-- the notes of its claims, which are forgotten when nothing is left.

create or replace function pgflow._release_held(
    p_worker_id  bigint,
    p_how        text,
    p_run_ids    uuid[],
    p_steps      smallint[],
    p_items      int[],
    p_limit      int,
    out held           int,
    out released       int,
    out ended_run_ids  uuid[],
    out woken_queues   text[]
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_held record;
begin
    with known as (
        select k.run_id, k.step, k.item
        from unnest(p_run_ids, p_steps, p_items) k (run_id, step, item)
    )
    select array_agg(h.run_id) as run_ids, array_agg(h.step) as steps, array_agg(h.item) as items,
           array_agg(h.fence) as fences, count(*) as tasks
    into v_held
    from (
        select distinct t.run_id, t.step, t.item, t.fence
        from pgflow.claims c
        cross join lateral unnest(c.run_ids, c.steps, c.items) n (run_id, step, item)
        join pgflow.tasks t on t.run_id = n.run_id and t.step = n.step and t.item = n.item
        where c.worker_id = p_worker_id
          and t.worker_id = p_worker_id
          and t.state = 'RUNNING'
          and (t.run_id, t.step, t.item) not in (select k.run_id, k.step, k.item from known k)
        limit p_limit) h;

    held := v_held.tasks;
    released := 0;
    if held < p_limit and p_run_ids = '{}' then
        delete from pgflow.claims c
        where c.worker_id = p_worker_id;
    end if;
    if held = 0 then
        return;
    end if;

    select coalesce(pg_catalog.cardinality(e.applied), 0), e.ended_run_ids, e.woken_queues
    into released, ended_run_ids, woken_queues
    from pgflow._end_attempts(
        p_worker_id, p_how, v_held.run_ids, v_held.steps, v_held.items, v_held.fences,
        case p_how when 'lost' then pg_catalog.array_fill(
            pg_catalog.jsonb_build_object(
                'code', 'PGF-RUN-020',
                'message', 'worker ' || p_worker_id || ' was lost while it ran this task'),
            array[held]) end,
        null, null) e;
end;
$$;
