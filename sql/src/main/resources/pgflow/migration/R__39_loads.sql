-- queue_loads: how each queue stands. It counts messages, so it is for people and gauges.

create or replace function pgflow.queue_loads()
returns table (
    queue      text,
    is_paused  boolean,
    at_once    int,
    waiting    bigint,
    set_aside  bigint,
    at_gate    bigint,
    running    bigint
)
language plpgsql
stable
set search_path = ''
as $$
begin
    return query
    with held as (
        select s.queue, count(distinct (t.run_id, t.step, t.item)) as tasks
        from pgflow.claims c
        cross join lateral unnest(c.run_ids, c.steps, c.items) n (run_id, step, item)
        join pgflow.tasks t on t.run_id = n.run_id and t.step = n.step and t.item = n.item
        join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
        where t.worker_id = c.worker_id
          and t.state = 'RUNNING'
        group by s.queue
    ),
    gated as (
        select s.queue, count(*) as tasks
        from pgflow.gated_tasks g
        join pgflow.tasks t on t.run_id = g.run_id and t.step = g.step and t.item = g.item
        join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
        group by s.queue
    )
    select q.queue,
           pgflow._is_paused('queue', q.queue),
           (select r.at_once from pgflow.claim_rules r where r.rule = 'limit' and r.scope = 'queue' and r.name = q.queue),
           (select sum(m.queue_length)::bigint
            from pg_catalog.generate_series(1, 3) p (priority)
            cross join lateral pgmq.metrics(pgflow._pgmq_queue(q.queue, p.priority::smallint)) m),
           (select count(*) from pgflow.parked_tasks p where p.queue = q.queue),
           coalesce(g.tasks, 0),
           coalesce(h.tasks, 0)
    from pgflow.queues q
    left join held h on h.queue = q.queue
    left join gated g on g.queue = q.queue
    order by q.queue;
end;
$$;

-- limits_in_use: how the limits of steps stand for which something waits or counts.

create or replace function pgflow.limits_in_use()
returns table (kind text, key text, most bigint, used bigint, waiting bigint)
language plpgsql
stable
set search_path = ''
as $$
begin
    return query
    with waiting as (
        select k.key, max(k.most) as most, sum(g.tasks)::bigint as tasks
        from pgflow.gate_lines l
        cross join lateral (select count(*) as tasks from pgflow.gated_tasks g where g.line_id = l.line_id) g
        cross join lateral unnest(l.keys, l.limits) k (key, most)
        group by k.key
    ),
    used as (
        select c.key, sum(c.units)::bigint as units
        from (
            select p.limit_key as key, p.weight as units
            from pgflow.places p
            where p.kind <> 'queue'
            union all
            select u.limit_key, u.units
            from pgflow.used_units u) c
        group by c.key
    )
    select pg_catalog.split_part(w.key, ' ', 1), substring(w.key from pg_catalog.strpos(w.key, ' ') + 1), w.most,
           coalesce(u.units, 0), w.tasks
    from waiting w
    left join used u on u.key = w.key
    where w.tasks > 0
       or u.units > 0
    order by 1, 2;
end;
$$;
