-- _claim_by_rules: claim_tasks while there are rules: nothing of a paused queue, of one with a limit as many as have a place, and only
-- what is not paused. Pauses of runs that have ended are lifted first, so that claims need not go this way for them.
--
-- Locks: as claim_tasks. First, when the queue has a limit, that rule: claims of such a queue come one after the other, and whoever waits
-- here holds no task and no message yet. And the pauses of what it sets aside (shared), so that who resumes sees all of it; it waits for
-- none of them, a pause that somebody is lifting no longer counts.

create or replace function pgflow._claim_by_rules(
    p_worker_id  bigint,
    p_handlers   text[],
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
as $$
declare
    v_now timestamptz;
    v_taken record;
    v_free record;
    v_left int := case when pgflow._is_paused('queue', p_queue) then 0 else pgflow._queue_room(p_queue, p_limit) end;
    v_limited boolean := exists (
        select
        from pgflow.claim_rules r
        where r.rule = 'limit'
          and r.scope = 'queue'
          and r.name = p_queue);
    v_found int;
    v_claimed int;
begin
    if pgflow._any_pause_ended() then
        perform pgflow._forget_ended_pauses(pgflow.clock());
    end if;

    for v_round in 1 .. 20 loop
        exit when v_left <= 0;
        select t.run_ids, t.steps, t.items, t.message_ids
        into v_taken
        from pgflow._take_messages(p_queue, v_left, p_handlers) t;
        v_found := pg_catalog.cardinality(v_taken.run_ids);
        exit when v_found is null;

        v_now := pgflow.clock();
        select f.run_ids, f.steps, f.items, f.message_ids
        into v_free
        from pgflow._set_aside(p_queue, v_taken.run_ids, v_taken.steps, v_taken.items, v_taken.message_ids, v_now) f;
        --@pp claim_by_rules-set-aside
        v_claimed := 0;
        if v_free.run_ids is not null then
            return query
            select *
            from pgflow._claim(
                p_worker_id, p_handlers, v_free.run_ids, v_free.steps, v_free.items, v_free.message_ids, v_now);
            get diagnostics v_claimed = row_count;
            if v_limited then
                perform pgflow._take_queue_places(p_worker_id, p_queue, v_free.run_ids, v_free.steps, v_free.items);
            end if;
            if v_claimed < pg_catalog.cardinality(v_free.run_ids) then
                perform pgflow._park_unclaimed(
                    p_queue, v_free.run_ids, v_free.steps, v_free.items, v_free.message_ids, v_now);
            end if;
        end if;
        exit when v_found < v_left;
        v_left := v_left - v_claimed;
    end loop;
end;
$$;

-- _is_paused: whether there is a pause of just that.

create or replace function pgflow._is_paused(
    p_scope  text,
    p_name   text
)
returns boolean
language sql
stable
as $$
    select exists (
        select
        from pgflow.claim_rules r
        where r.rule = 'pause'
          and r.scope = p_scope
          and r.name = p_name);
$$;

-- _set_aside: parks those of the tasks whose run, step or workflow is paused; returns the others.

create or replace function pgflow._set_aside(
    p_queue        text,
    p_run_ids      uuid[],
    p_steps        smallint[],
    p_items        int[],
    p_message_ids  bigint[],
    p_now          timestamptz,
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
    v_ns int[];
begin
    with taken as materialized (
        select m.n, t.run_id, t.step, t.item, t.message_id, k.scopes, k.names
        from unnest(p_run_ids, p_steps, p_items, p_message_ids) with ordinality m (run_id, step, item, message_id, n)
        join pgflow.tasks t on t.run_id = m.run_id and t.step = m.step and t.item = m.item
        join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
        join pgflow.workflows w on w.workflow_id = t.workflow_id
        cross join lateral (
            select array['run', 'step', 'workflow'] as scopes,
                   array[t.run_id::text, w.name || '.' || s.name, w.name] as names) k
        where t.message_id = m.message_id
          and t.state = 'SCHEDULED'
    ),
    pause as materialized (
        select r.rule_id, r.scope, r.name
        from (select distinct n.scope, n.name from taken t cross join lateral unnest(t.scopes, t.names) n (scope, name)) k
        join pgflow.claim_rules r on r.rule = 'pause' and r.scope = k.scope and r.name = k.name
        for key share of r skip locked
    ),
    parked as (
        insert into pgflow.parked_tasks (run_id, step, item, queue, message_id, parked_at, rule_id)
        select t.run_id, t.step, t.item, p_queue, t.message_id, p_now, p.rule_id
        from taken t
        cross join lateral (
            select min(p.rule_id) as rule_id
            from unnest(t.scopes, t.names) n (scope, name)
            join pause p on p.scope = n.scope and p.name = n.name) p
        where p.rule_id is not null
        order by t.run_id, t.step, t.item
        on conflict on constraint parked_tasks_pkey do update
        set message_id = excluded.message_id,
            handler = null,
            rule_id = excluded.rule_id
        returning parked_tasks.run_id, parked_tasks.step, parked_tasks.item
    )
    select array_agg(t.n)
    into v_ns
    from parked p
    join taken t on t.run_id = p.run_id and t.step = p.step and t.item = p.item;

    select array_agg(m.run_id order by m.n), array_agg(m.step order by m.n), array_agg(m.item order by m.n),
           array_agg(m.message_id order by m.n)
    into run_ids, steps, items, message_ids
    from unnest(p_run_ids, p_steps, p_items, p_message_ids) with ordinality m (run_id, step, item, message_id, n)
    where not m.n = any (coalesce(v_ns, '{}'));
end;
$$;

-- _queue_room: how many tasks of a queue may be claimed, at most p_limit. Places of tasks that no worker holds any more are freed first.
-- Locks: the limit of the queue, if it has one, until the transaction ends.

create or replace function pgflow._queue_room(
    p_queue  text,
    p_limit  int
)
returns int
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_at_once int;
begin
    select r.at_once
    into v_at_once
    from pgflow.claim_rules r
    where r.rule = 'limit'
      and r.scope = 'queue'
      and r.name = p_queue
    for update;
    if not found then
        return p_limit;
    end if;

    delete from pgflow.places p
    where p.limit_key = 'queue ' || p_queue
      and not exists (
          select
          from pgflow.tasks t
          where t.run_id = p.run_id
            and t.step = p.step
            and t.item = p.item
            and t.fence = p.fence + 1
            and t.worker_id is not null);
    --@pp queue_room-counted
    return least(p_limit, v_at_once - (select count(*) from pgflow.places p where p.limit_key = 'queue ' || p_queue));
end;
$$;

-- _take_queue_places: tasks of a queue with a limit that a worker has just claimed take their places.

create or replace function pgflow._take_queue_places(
    p_worker_id  bigint,
    p_queue      text,
    p_run_ids    uuid[],
    p_steps      smallint[],
    p_items      int[]
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
    insert into pgflow.places (limit_key, run_id, step, item, fence, kind, weight)
    select 'queue ' || p_queue, t.run_id, t.step, t.item, t.fence - 1, 'queue', 1
    from unnest(p_run_ids, p_steps, p_items) c (run_id, step, item)
    join pgflow.tasks t on t.run_id = c.run_id and t.step = c.step and t.item = c.item
    where t.worker_id = p_worker_id
      and t.state = 'RUNNING'
    on conflict do nothing;
end;
$$;

-- claims_on_their_way: the transactions in which workers may be claiming without the rules that are set now; of those in p_known that still
-- go on, when they are named.
--
-- A claim locks its worker before it looks for rules: one that is not here looks after this was asked. So whoever commits a rule, asks this
-- without names, and then with the names it got until there is none left, knows that from there on nothing is claimed but by the rule. It
-- waits for nobody, and nobody waits for it.

create or replace function pgflow.claims_on_their_way(
    p_known  text[] default null
)
returns text[]
language sql
set search_path = ''
as $$
    select coalesce(array_agg(distinct l.virtualtransaction), '{}')
    from pg_catalog.pg_locks l
    join pg_catalog.pg_database d on d.oid = l.database
    where l.locktype = 'relation'
      and d.datname = pg_catalog.current_database()
      and l.relation = 'pgflow.workers'::pg_catalog.regclass
      and l.mode = 'RowShareLock'
      and l.granted
      and l.pid <> pg_catalog.pg_backend_pid()
      and (p_known is null or l.virtualtransaction = any (p_known));
$$;

-- limit_queue: from now on workers hold at most so many tasks of a queue at once, all processes together; null for as many as they like.
-- Tasks that workers hold already count, and nobody takes them away. What a claim takes that is on its way now counts once count_held was
-- called after it (claims_on_their_way).
--
-- Returns limited, unlimited, unchanged or unknown, and the queue when it may have work now.
-- Locks: the limit.

create or replace function pgflow.limit_queue(
    p_queue    text,
    p_at_once  int,
    p_actor    text,
    p_reason   text,
    out outcome       text,
    out woken_queues  text[]
)
language plpgsql
set search_path = ''
as $$
declare
    v_before int;
begin
    if p_at_once < 1 then
        raise exception 'a limit of % is none', p_at_once
            using errcode = 'PF004', hint = 'Use a number from 1 on, or null for no limit; pause the queue to stop it.';
    elsif not exists (select from pgflow.queues q where q.queue = p_queue) then
        outcome := 'unknown';
        return;
    end if;

    select r.at_once
    into v_before
    from pgflow.claim_rules r
    where r.rule = 'limit'
      and r.scope = 'queue'
      and r.name = p_queue
    for update;
    outcome := case when v_before is not distinct from p_at_once then 'unchanged' when p_at_once is null then 'unlimited' else 'limited' end;
    if outcome = 'unchanged' then
        return;
    end if;

    if p_at_once is null then
        delete from pgflow.claim_rules r
        where r.rule = 'limit'
          and r.scope = 'queue'
          and r.name = p_queue;
        delete from pgflow.places p
        where p.limit_key = 'queue ' || p_queue;
    else
        insert into pgflow.claim_rules (rule, scope, name, at_once, actor, reason, since)
        values ('limit', 'queue', p_queue, p_at_once, p_actor, p_reason, pgflow.clock())
        on conflict (rule, scope, name) do update
        set at_once = excluded.at_once,
            actor = excluded.actor,
            reason = excluded.reason,
            since = excluded.since;
        perform pgflow.count_held(p_queue);
    end if;
    insert into pgflow.rule_changes (at, rule, scope, name, change, at_once, actor, reason)
    values (pgflow.clock(), 'limit', 'queue', p_queue, case when p_at_once is null then 'lifted' else 'set' end,
            p_at_once, p_actor, p_reason);
    woken_queues := array[p_queue];
end;
$$;

-- count_held: tasks of a queue that workers hold take their places, found through the notes of claims. Does nothing when the queue has no
-- limit.
--
-- Locks: the limit, as claims do.

create or replace function pgflow.count_held(
    p_queue  text
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
    perform 1
    from pgflow.claim_rules r
    where r.rule = 'limit'
      and r.scope = 'queue'
      and r.name = p_queue
    for update;
    if not found then
        return;
    end if;

    insert into pgflow.places (limit_key, run_id, step, item, fence, kind, weight)
    select distinct 'queue ' || p_queue, t.run_id, t.step, t.item, t.fence - 1, 'queue', 1
    from pgflow.claims c
    cross join lateral unnest(c.run_ids, c.steps, c.items) n (run_id, step, item)
    join pgflow.tasks t on t.run_id = n.run_id and t.step = n.step and t.item = n.item
    join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
    where t.worker_id = c.worker_id
      and t.state = 'RUNNING'
      and s.queue = p_queue
    on conflict do nothing;
end;
$$;
