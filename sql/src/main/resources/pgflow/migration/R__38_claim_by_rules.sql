-- _claim_by_rules: claim_tasks while there are rules: nothing of a paused queue, and of others only what is not paused.
--
-- Locks: as claim_tasks, and the pauses of what it sets aside (shared), so that who resumes sees all of it. It waits for none of them: a
-- pause that somebody is lifting no longer counts.

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
as $$
declare
    v_now timestamptz;
    v_taken record;
    v_free record;
    v_left int := case when pgflow._is_paused('queue', p_queue) then 0 else p_limit end;
    v_found int;
    v_claimed int;
begin
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
