-- verify: everything that must always hold of the engine's tables, checked; no row means all is well.
--
-- For tests and for operators. It reads everything in one snapshot, so it may run while workers work.
-- docs/guarantees.md says what each invariant means.

create or replace function pgflow.verify()
returns table (invariant text, run_id uuid, step smallint, item int, problem text)
language plpgsql
stable
set search_path = ''
as $$
begin
    return query select * from pgflow._verify_runs();
    return query select * from pgflow._verify_histories();
    return query select * from pgflow._verify_joins();
    return query select * from pgflow._verify_counters();
    return query select * from pgflow._verify_queues();
    return query select * from pgflow._verify_attempts();
    return query select * from pgflow._verify_approvals();
    return query select * from pgflow._verify_deadlines();
    return query select * from pgflow._verify_schedules();
    return query select * from pgflow._verify_ends();
    return query select * from pgflow._verify_undos();
end;
$$;

create or replace function pgflow._verify_runs()
returns table (invariant text, run_id uuid, step smallint, item int, problem text)
language sql
stable
set search_path = ''
as $$
    select 'I1', k.run_id, 0::smallint, 0, 'the run that holds an idempotency key does not exist'
    from pgflow.idempotency_keys k
    where not exists (select from pgflow.runs r where r.run_id = k.run_id)
    union all
    select 'I15', k.run_id, 0::smallint, 0, 'the run that holds an idempotency key is of another workflow'
    from pgflow.idempotency_keys k
    join pgflow.runs r on r.run_id = k.run_id
    left join pgflow.workflows w on w.workflow_id = r.workflow_id
    where w.name is distinct from k.workflow_name
    union all
    select 'I1', t.run_id, t.step, t.item, 'the task belongs to no run'
    from pgflow.tasks t
    where not exists (select from pgflow.runs r where r.run_id = t.run_id)
    union all
    select 'I21', t.run_id, t.step, t.item, 'the task is of another version of the workflow than its run'
    from pgflow.tasks t
    join pgflow.runs r on r.run_id = t.run_id
    where r.workflow_id <> t.workflow_id
    union all
    select 'I1', r.run_id, s.step, 0, 'the run has no task for this step'
    from pgflow.runs r
    join pgflow.steps s on s.workflow_id = r.workflow_id
    left join pgflow.tasks t on t.run_id = r.run_id and t.step = s.step and t.item = 0
    where t.run_id is null
    union all
    select 'I2', t.run_id, t.step, t.item, 'the run is ' || r.state || ' but this task is ' || t.state
    from pgflow.tasks t
    join pgflow.runs r on r.run_id = t.run_id
    where r.ended_at is not null
      and t.state in ('PENDING', 'SCHEDULED', 'RUNNING', 'RETRYING')
    union all
    select 'I2', r.run_id, 0::smallint, 0, 'all tasks have ended but the run is RUNNING'
    from pgflow.runs r
    where r.state = 'RUNNING'
      and not exists (
          select
          from pgflow.tasks t
          where t.run_id = r.run_id
            and t.state in ('PENDING', 'SCHEDULED', 'RUNNING', 'RETRYING'))
      and not exists (select from pgflow.unsettled_steps p where p.run_id = r.run_id);
$$;

create or replace function pgflow._verify_histories()
returns table (invariant text, run_id uuid, step smallint, item int, problem text)
language sql
stable
set search_path = ''
as $$
    with history as (
        select e.*, t.subject, t.name, t.from_state, t.to_state,
               case when lag(e.generation) over w = e.generation then lag(t.to_state) over w end as before,
               case when lag(e.generation) over w <> e.generation then lag(t.to_state) over w end as end_before,
               coalesce(lag(e.generation) over w, 0) as generation_before,
               lag(e.fence) over w as fence_before,
               row_number() over w as n,
               lead(e.event_id) over w is null as is_last
        from pgflow.events e
        left join pgflow.transitions t on t.transition = e.transition
        window w as (partition by e.run_id, e.step, e.item order by e.seq)
    ),
    subjects as (
        select t.run_id, t.step, t.item, t.state, t.events, t.fence, t.output, t.generation
        from pgflow.tasks t
        union all
        select r.run_id, 0, 0, r.state, r.events, 0, null, r.generation
        from pgflow.runs r
    )
    select 'I3', h.run_id, h.step, h.item, 'an event after the end: ' || h.before || ' -> ' || h.to_state
    from history h
    where h.before in ('SUCCEEDED', 'FAILED', 'CANCELLED', 'SKIPPED')
    union all
    select 'I3', h.run_id, h.step, h.item,
           pg_catalog.format('event %s begins generation %s after generation %s, which was %s', h.seq, h.generation,
               h.generation_before, coalesce(h.end_before, 'not there'))
    from history h
    where h.generation <> h.generation_before
      and (h.generation <> h.generation_before + 1
           or h.end_before is not null and h.end_before not in ('SUCCEEDED', 'FAILED', 'CANCELLED', 'SKIPPED'))
    union all
    select 'I4', h.run_id, h.step, h.item,
           pg_catalog.format('event %s (%s) does not follow from %s', h.seq, coalesce(h.name, 'unknown'), h.before)
    from history h
    where h.seq <> h.n
       or h.from_state is distinct from h.before
       or h.subject is null
       or (h.subject = 'run') <> (h.step = 0)
    union all
    select 'I4', s.run_id, s.step, s.item,
           pg_catalog.format('is %s in generation %s with %s events, but its last event says %s, generation %s, and is number %s',
               s.state, s.generation, s.events, h.to_state, h.generation, h.seq)
    from subjects s
    left join history h on h.run_id = s.run_id and h.step = s.step and h.item = s.item and h.is_last
    where h.to_state is distinct from s.state
       or h.seq is distinct from s.events
       or h.generation is distinct from s.generation
    union all
    select 'I4', h.run_id, h.step, h.item, 'a claim without a worker'
    from history h
    where h.name = 'claim' and h.worker_id is null
    union all
    select 'I5', s.run_id, s.step, s.item, 'the output is not the one that was reported'
    from subjects s
    join history h on h.run_id = s.run_id and h.step = s.step and h.item = s.item and h.is_last
    where s.state = 'SUCCEEDED'
      and s.step > 0
      and h.output_hash is distinct from pg_catalog.hashtextextended(s.output::text, 0)
    union all
    select 'I17', h.run_id, h.step, h.item, pg_catalog.format('succeeded %s times in generation %s', count(*), h.generation)
    from history h
    where h.to_state = 'SUCCEEDED'
    group by h.run_id, h.step, h.item, h.generation
    having count(*) > 1
    union all
    select 'I5', g.run_id, g.step, g.item, 'the output of generation ' || g.generation || ' is not the one that was reported'
    from pgflow.past_generations g
    left join history h on h.run_id = g.run_id and h.step = g.step and h.item = g.item and h.seq = g.events
    where h.to_state is distinct from g.state
       or h.generation is distinct from g.generation
       or g.state = 'SUCCEEDED'
          and h.output_hash is distinct from pg_catalog.hashtextextended(g.output::text, 0)
    union all
    select 'I6', h.run_id, h.step, h.item,
           pg_catalog.format('event %s (%s) has fence %s after %s', h.seq, h.name, h.fence, h.fence_before)
    from history h
    where h.step > 0
      and h.n > 1
      and h.fence <> h.fence_before + case when h.name in ('claim', 'open') then 1 else 0 end
    union all
    select 'I7', h.run_id, h.step, h.item, 'claimed before the attempt before it had ended'
    from (
        select h.*, max(h.at) filter (where h.from_state = 'RUNNING') over (
                   partition by h.run_id, h.step, h.item order by h.seq) as ended_before
        from history h) h
    where h.name = 'claim'
      and h.at < h.ended_before;
$$;

create or replace function pgflow._verify_joins()
returns table (invariant text, run_id uuid, step smallint, item int, problem text)
language sql
stable
set search_path = ''
set enable_nestloop = off -- on tables that nobody analyzed it would compare all ends with all beginnings
as $$
    with first_scheduled as (
        select e.run_id, e.step, e.generation, min(e.event_id) as event_id, count(*) as times
        from pgflow.events e
        where e.item = 0
          and e.step > 0
          and e.transition in (2, 3)
        group by e.run_id, e.step, e.generation
    ),
    ended as (
        select e.run_id, e.step, e.event_id, e.transition <> 60 as has_ended,
               lead(e.event_id) over (partition by e.run_id, e.step order by e.event_id) as begun_again
        from pgflow.events e
        join pgflow.transitions t on t.transition = e.transition
        where e.item = 0
          and e.step > 0
          and (t.to_state in ('SUCCEEDED', 'SKIPPED') or e.transition = 60)
    )
    select 'I8', f.run_id, f.step, 0, 'scheduled for the first time ' || f.times || ' times'
    from first_scheduled f
    where f.times > 1
    union all
    select 'I8', f.run_id, f.step, 0, 'scheduled before step ' || d.depends_on || ' had ended'
    from first_scheduled f
    join pgflow.runs r on r.run_id = f.run_id
    join pgflow.step_dependencies d on d.workflow_id = r.workflow_id and d.step = f.step
    where not exists (
        select
        from ended e
        where e.run_id = f.run_id
          and e.step = d.depends_on
          and e.has_ended
          and e.event_id < f.event_id
          and coalesce(e.begun_again > f.event_id, true))
    union all
    select 'I8', t.run_id, t.step, 0, 'a join that waits for nothing is still PENDING'
    from pgflow.tasks t
    join pgflow.runs r on r.run_id = t.run_id
    where t.state = 'PENDING'
      and t.remaining = 0
      and t.item = 0
      and r.state = 'RUNNING'
      and not exists (
          select
          from pgflow.unsettled_steps p
          where p.run_id = t.run_id
            and p.step = t.step);
$$;

-- _has_ended_well: whether a step task's end has been counted: it succeeded or was skipped, and waits for no parent and
-- is settled.

create or replace function pgflow._has_ended_well(
    p_task  pgflow.tasks
)
returns boolean
language sql
stable
as $$
    select p_task.state in ('SUCCEEDED', 'SKIPPED')
           and p_task.remaining = 0
           and not exists (
               select
               from pgflow.unsettled_steps p
               where p.run_id = p_task.run_id
                 and p.step = p_task.step);
$$;

-- _verify_counters: counters of runs that can still move, or have succeeded. A run that failed or was cancelled keeps its
-- counters as they stood: what was not yet counted then is dropped with it.

create or replace function pgflow._verify_counters()
returns table (invariant text, run_id uuid, step smallint, item int, problem text)
language sql
stable
set search_path = ''
as $$
    select 'I9', t.run_id, t.step, t.item, pg_catalog.format('remaining is %s, but %s parents have not ended', t.remaining, p.open)
    from pgflow.tasks t
    join pgflow.runs r on r.run_id = t.run_id
    join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
    cross join lateral (
        select count(*) as open
        from unnest(s.depends_on) d (step)
        join pgflow.tasks p on p.run_id = t.run_id and p.step = d.step and p.item = 0
        where not pgflow._has_ended_well(p)) p
    where (t.state = 'PENDING' or t.state in ('SKIPPED', 'SUCCEEDED') and t.remaining > 0)
      and r.state in ('PENDING', 'RUNNING', 'SUCCEEDED')
      and t.remaining <> p.open
    union all
    select 'I9', t.run_id, t.step, t.item, pg_catalog.format('remaining is %s, but %s items have not ended', t.remaining, i.open)
    from pgflow.tasks t
    cross join lateral (
        select count(*) filter (where i.state in ('PENDING', 'SCHEDULED', 'RUNNING', 'RETRYING'))
               + coalesce((select sum(p.ended)
                           from pgflow.unsettled_steps p
                           where p.run_id = t.run_id and p.step = t.step), 0) as open
        from pgflow.tasks i
        where i.run_id = t.run_id and i.step = t.step and i.item > 0) i
    where t.deferred = 'items'
      and t.remaining <> i.open
    union all
    select 'I9', t.run_id, t.step, t.item, 'an item that waits for its turn, which no map will give it'
    from pgflow.tasks t
    left join pgflow.limited_maps l on l.run_id = t.run_id and l.step = t.step
    where t.item > 0
      and t.state = 'PENDING'
      and not coalesce(t.item >= l.next_item, false)
    union all
    select 'I9', l.run_id, l.step, 0,
           pg_catalog.format('%s items are to wait for their turn, and %s do; %s are on their way, at most %s may be',
               l.waiting, i.waiting, i.open, s.at_once)
    from pgflow.limited_maps l
    left join pgflow.tasks t on t.run_id = l.run_id and t.step = l.step and t.item = 0
    left join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
    cross join lateral (
        select count(*) filter (where i.state in ('SCHEDULED', 'RUNNING', 'RETRYING')) as open,
               count(*) filter (where i.state = 'PENDING') as waiting
        from pgflow.tasks i
        where i.run_id = l.run_id
          and i.step = l.step
          and i.item > 0) i
    where t.deferred is distinct from 'items'
       or i.open > s.at_once
       or i.waiting <> l.waiting
    union all
    select 'I9', t.run_id, t.step, t.item, pg_catalog.format('remaining is %s, but it waits for one thing', t.remaining)
    from pgflow.tasks t
    where t.deferred not in ('items', 'condition')
      and t.item = 0
      and t.remaining <> 1
    union all
    select 'I9', r.run_id, 0::smallint, 0, pg_catalog.format('remaining_sinks is %s, but %s sinks have not ended', r.remaining_sinks, k.open)
    from pgflow.runs r
    cross join lateral (
        select count(*) as open
        from pgflow.tasks t
        join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
        where t.run_id = r.run_id
          and t.item = 0
          and s.dependents = '{}'
          and not pgflow._has_ended_well(t)) k
    where r.state in ('PENDING', 'RUNNING', 'SUCCEEDED')
      and r.remaining_sinks <> k.open;
$$;

create or replace function pgflow._verify_queues()
returns table (invariant text, run_id uuid, step smallint, item int, problem text)
language plpgsql
stable
set search_path = ''
as $$
declare
    v_queue record;
    v_messages bigint := 0;
    v_in_queue bigint;
begin
    for v_queue in
        select q.queue, priority::smallint as priority, 'q_' || pgflow._pgmq_queue(q.queue, priority::smallint) as name
        from pgflow.queues q
        cross join pg_catalog.generate_series(1, 3) priority
    loop
        return query execute pg_catalog.format(
            'select ''I10'', coalesce(t.run_id, (m.message ->> ''run_id'')::uuid), (m.message ->> ''step'')::smallint,
                    (m.message ->> ''item'')::int,
                    ''message '' || m.msg_id || '' of '' || %L || '' is for a task that is '' || coalesce(t.state, ''missing'')
             from pgmq.%I m
             left join pgflow.tasks t
                 on t.run_id = (m.message ->> ''run_id'')::uuid
                and t.step = (m.message ->> ''step'')::smallint
                and t.item = (m.message ->> ''item'')::int
             where pgflow._names_a_task(m.message)
               and (t.message_id is distinct from m.msg_id
                    or t.priority <> $1
                    or t.state <> ''SCHEDULED'')',
            v_queue.name, v_queue.name)
        using v_queue.priority;
        execute pg_catalog.format('select count(*) from pgmq.%I m where pgflow._names_a_task(m.message)', v_queue.name)
        into v_in_queue;
        v_messages := v_messages + v_in_queue;
    end loop;

    return query
    select 'I10', null::uuid, null::smallint, null::int,
           pg_catalog.format('%s tasks wait and are not parked, but the queues hold %s messages', c.waiting, v_messages)
    from (
        select count(*) as waiting
        from pgflow.tasks t
        left join pgflow.parked_tasks p
            on p.run_id = t.run_id
           and p.step = t.step
           and p.item = t.item
           and p.message_id = t.message_id
        where t.state = 'SCHEDULED'
          and t.message_id is not null
          and p.run_id is null) c
    where c.waiting <> v_messages
    union all
    select 'I10', t.run_id, t.step, t.item, 'waits without a message, and not at the gate'
    from pgflow.tasks t
    left join pgflow.gated_tasks g on g.run_id = t.run_id and g.step = t.step and g.item = t.item
    where t.state = 'SCHEDULED'
      and t.message_id is null
      and g.run_id is null
    union all
    select 'I10', g.run_id, g.step, g.item, 'stands at the gate in no line that there is'
    from pgflow.gated_tasks g
    where g.line_id is not null
      and not exists (select from pgflow.gate_lines l where l.line_id = g.line_id)
    union all
    select 'I10', null::uuid, null::smallint, null::int,
           pg_catalog.format('%s tasks of %s are on their way, at most %s may be', c.held, c.limit_key, c.most)
    from (
        select p.limit_key, count(*) as held,
               (select max(m.most)
                from pgflow.gate_lines l
                cross join lateral unnest(l.keys, l.limits) m (key, most)
                where m.key = p.limit_key) as most
        from pgflow.places p
        join pgflow.tasks t on t.run_id = p.run_id and t.step = p.step and t.item = p.item
        where p.kind = 'place'
          and t.state = 'RUNNING'
          and t.fence = p.fence + 1
        group by p.limit_key) c
    where c.held > c.most
    union all
    select 'I10', p.run_id, p.step, p.item, 'set aside for a pause that is over'
    from pgflow.parked_tasks p
    join pgflow.tasks t on t.run_id = p.run_id and t.step = p.step and t.item = p.item
    where p.rule_id is not null
      and t.state = 'SCHEDULED'
      and t.message_id = p.message_id
      and not exists (select from pgflow.claim_rules r where r.rule_id = p.rule_id)
    union all
    select 'I10', t.run_id, t.step, t.item, 'its worker is not known to hold it'
    from pgflow.tasks t
    left join (
        select c.worker_id, n.run_id, n.step, n.item
        from pgflow.claims c
        cross join lateral unnest(c.run_ids, c.steps, c.items) n (run_id, step, item)) n
        on n.worker_id = t.worker_id
       and n.run_id = t.run_id
       and n.step = t.step
       and n.item = t.item
    where t.worker_id is not null
      and n.run_id is null
    union all
    select 'I10', t.run_id, t.step, t.item, 'RETRYING without a timer'
    from pgflow.tasks t
    left join pgflow.timers d on d.run_id = t.run_id and d.step = t.step and d.item = t.item
    where t.state = 'RETRYING'
      and d.run_id is null
    union all
    select 'I10', t.run_id, t.step, t.item, 'sleeps without a timer'
    from pgflow.tasks t
    left join pgflow.timers d on d.run_id = t.run_id and d.step = t.step and d.item = t.item
    where t.deferred = 'sleep'
      and d.run_id is null
      and not exists (select from pgflow.unsettled_steps u where u.run_id = t.run_id and u.step = t.step)
    union all
    select 'I10', t.run_id, t.step, t.item, 'waits for a signal that has come and that no step was given'
    from pgflow.tasks t
    join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
    join pgflow.signals g on g.run_id = t.run_id and g.name = s.waits_for ->> 'signal' and g.step is null
    where t.deferred = 'signal'
      and not exists (select from pgflow.unsettled_steps u where u.run_id = t.run_id and u.step = t.step)
    union all
    select 'I10', g.run_id, g.step, 0, 'a signal was given to it, but it neither waited for one nor ends'
    from pgflow.signals g
    left join pgflow.steps s
        on s.workflow_id = (select r.workflow_id from pgflow.runs r where r.run_id = g.run_id)
       and s.step = g.step
    left join pgflow.tasks t on t.run_id = g.run_id and t.step = g.step and t.item = 0
    where g.step is not null
      and (s.waits_for ->> 'signal' is distinct from g.name
           or t.generation < g.generation
           or t.deferred = 'signal'
              and t.generation = g.generation
              and not exists (select from pgflow.unsettled_steps u where u.run_id = g.run_id and u.step = g.step))
    union all
    select 'I10', r.run_id, 0::smallint, 0, 'PENDING without a timer'
    from pgflow.runs r
    left join pgflow.timers d on d.run_id = r.run_id and d.step = 0
    where r.state = 'PENDING'
      and d.run_id is null
    union all
    select 'I10', d.run_id, d.step, d.item, 'a timer for nothing that waits'
    from pgflow.timers d
    left join pgflow.tasks t on t.run_id = d.run_id and t.step = d.step and t.item = d.item
    left join pgflow.runs r on r.run_id = d.run_id
    where case
        when d.step = 0 then r.state is distinct from 'PENDING'
        else not coalesce(t.state = 'RETRYING' or t.deferred in ('sleep', 'signal', 'approval', 'token'), false)
    end
    union all
    select 'I10', t.run_id, t.step, t.item, 'waits for an answer that nobody can give, or for ever'
    from pgflow.tasks t
    left join pgflow.timers d on d.run_id = t.run_id and d.step = t.step and d.item = t.item
    left join pgflow.deferrals f on f.run_id = t.run_id and f.step = t.step and f.item = t.item and f.fence = t.fence
    where t.deferred = 'token'
      and (d.run_id is null or f.deferred_at is null)
    union all
    select 'I10', t.run_id, t.step, t.item, 'waits for a run that there is not, or that has ended'
    from pgflow.tasks t
    left join pgflow.sub_runs s on s.run_id = t.run_id and s.step = t.step and s.item = t.item and s.fence = t.fence
    left join pgflow.runs r on r.run_id = s.child_run_id
    where t.deferred = 'run'
      and (r.run_id is null or r.ended_at is not null)
      and not exists (
          select
          from pgflow.unsettled_sub_runs u
          where u.run_id = t.run_id and u.step = t.step and u.item = t.item and u.fence = t.fence)
    union all
    select 'I10', s.child_run_id, 0::smallint, 0, 'no step waits for the run that it started, and nobody cancels it'
    from pgflow.sub_runs s
    join pgflow.runs r on r.run_id = s.child_run_id
    left join pgflow.tasks t on t.run_id = s.run_id and t.step = s.step and t.item = s.item and t.fence = s.fence and t.deferred = 'run'
    where r.ended_at is null
      and r.generation = 1 -- a person may have begun it anew for its own sake
      and t.run_id is null
      and not exists (select from pgflow.unsettled_sub_runs u where u.child_run_id = s.child_run_id)
    union all
    select 'I10', f.run_id, f.step, f.item, 'a token of an attempt that there has not been'
    from pgflow.deferrals f
    left join pgflow.tasks t on t.run_id = f.run_id and t.step = f.step and t.item = f.item
    where not coalesce(f.fence <= t.fence, false)
      and not exists (
          select
          from pgflow.past_generations p
          where p.run_id = f.run_id and p.step = f.step and p.item = f.item and p.fence >= f.fence);
end;
$$;

create or replace function pgflow._verify_attempts()
returns table (invariant text, run_id uuid, step smallint, item int, problem text)
language sql
stable
set search_path = ''
as $$
    select 'I11', t.run_id, t.step, t.item,
           pg_catalog.format('%s attempts, %s of them lost and %s released, of at most %s', t.attempts, t.losses, t.releases, s.max_attempts)
    from pgflow.tasks t
    join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
    where t.attempts - t.losses - t.releases > s.max_attempts
       or t.losses > 3
    union all
    select 'I11', t.run_id, t.step, t.item,
           pg_catalog.format('%s attempts, but %s claims in its history', t.attempts, coalesce(c.claims, 0))
    from pgflow.tasks t
    left join (
        select e.run_id, e.step, e.item, e.generation, count(*) as claims
        from pgflow.events e
        where e.transition in (4, 5)
        group by e.run_id, e.step, e.item, e.generation) c
        on c.run_id = t.run_id and c.step = t.step and c.item = t.item and c.generation = t.generation
    where coalesce(c.claims, 0) <> t.attempts
    union all
    select 'I12', e.run_id, e.step, e.item, 'retried before it was due'
    from (
        select e.run_id, e.step, e.item, e.at, e.transition,
               lag((e.detail ->> 'due_at')::timestamptz) over (
                   partition by e.run_id, e.step, e.item order by e.seq) as due_at
        from pgflow.events e) e
    where e.transition = 10
      and e.at < e.due_at;
$$;

-- _verify_ends: nothing goes on after the end of a run, and nothing is left of runs that were pruned. A claim and the end of its run meet at the
-- task's lock, so the numbers of their events say which of them was first. (Reports may come too late for a run that was pruned
-- before: stale_reports is not looked at.)

create or replace function pgflow._verify_ends()
returns table (invariant text, run_id uuid, step smallint, item int, problem text)
language sql
stable
set search_path = ''
as $$
    select 'I13', e.run_id, e.step, e.item, 'began to run after its run was cancelled'
    from (
        select e.run_id, e.event_id, e.transition,
               lead(e.event_id) over (partition by e.run_id order by e.event_id) as next
        from pgflow.events e
        where e.step = 0) c
    join pgflow.transitions t on t.transition = c.transition
    join pgflow.events e on e.run_id = c.run_id
    where t.to_state = 'CANCELLED'
      and e.transition in (4, 5)
      and e.event_id > c.event_id
      and coalesce(e.event_id < c.next, true)
    union all
    select 'I24', a.run_id, a.step, a.item, 'the history of a run that does not exist'
    from (select a.run_id, min(a.step) as step, min(a.item) as item from pgflow.audit a group by a.run_id) a
    where not exists (select from pgflow.runs r where r.run_id = a.run_id)
    union all
    select 'I24', g.run_id, g.step, g.item, 'an earlier generation of a task whose run does not exist'
    from pgflow.past_generations g
    where not exists (select from pgflow.runs r where r.run_id = g.run_id)
    union all
    select 'I24', o.run_id, 0::smallint, 0, 'the origin of a run that does not exist'
    from pgflow.run_origins o
    where not exists (select from pgflow.runs r where r.run_id = o.run_id)
    union all
    select 'I24', m.run_id, 0::smallint, 0, 'a move of a run that does not exist'
    from pgflow.run_moves m
    where not exists (select from pgflow.runs r where r.run_id = m.run_id)
    union all
    select 'I24', g.run_id, coalesce(g.step, 0::smallint), 0, 'a signal of a run that does not exist'
    from pgflow.signals g
    where not exists (select from pgflow.runs r where r.run_id = g.run_id);
$$;

create or replace function pgflow._verify_approvals()
returns table (invariant text, run_id uuid, step smallint, item int, problem text)
language sql
stable
set search_path = ''
as $$
    with asked as (
        select a.*, s.waits_for -> 'approval' as asks, t.deferred is not distinct from 'approval' as waits,
               exists (select from pgflow.unsettled_steps u where u.run_id = a.run_id and u.step = a.step) as unsettled
        from pgflow.approvals a
        join pgflow.runs r on r.run_id = a.run_id
        left join pgflow.steps s on s.workflow_id = r.workflow_id and s.step = a.step
        left join pgflow.tasks t on t.run_id = a.run_id and t.step = a.step and t.item = 0 and t.generation = a.generation
    )
    select 'I14', a.run_id, a.step, 0, pg_catalog.format('decided, but %s people made that choice', v.votes)
    from asked a
    cross join lateral (
        select count(*) as votes
        from pgflow.approval_votes v
        where v.approval_id = a.approval_id
          and v.choice = a.choice) v
    where a.state = 'decided'
      and v.votes < case when a.choice = pgflow._rejection(a.asks) then 1 else coalesce((a.asks ->> 'quorum')::int, 1) end
    union all
    select 'I14', a.run_id, a.step, 0, 'a deadline approved it'
    from asked a
    where a.state = 'expired'
      and a.choice <> pgflow._rejection(a.asks)
    union all
    select 'I14', a.run_id, a.step, 0, v.actor || ' decided and must not'
    from asked a
    join pgflow.approval_votes v on v.approval_id = a.approval_id
    cross join lateral (
        select case v.stage when 1 then a.asks else a.asks -> 'escalate' -> (v.stage - 2) end as people) p
    where a.asks is not null
      and not pgflow._may_decide(
          pgflow._texts(p.people -> 'roles'), pgflow._texts(p.people -> 'actors'), a.started_by, v.actor, v.roles)
    union all
    select 'I14', a.run_id, a.step, 0, v.actor || ' decided before it was asked, or after the end'
    from asked a
    join pgflow.approval_votes v on v.approval_id = a.approval_id
    where v.voted_at < a.requested_at
       or v.voted_at > coalesce(a.ended_at, 'infinity')
    union all
    select 'I14', a.run_id, a.step, 0, 'it is ' || a.state || ', but its task ' || case when a.waits then 'waits' else 'does not wait' end
    from asked a
    where (a.state = 'pending') <> a.waits
      and not a.unsettled
    union all
    select 'I14', t.run_id, t.step, 0, 'waits for a decision that nobody is asked for'
    from pgflow.tasks t
    where t.deferred = 'approval'
      and not exists (
          select
          from pgflow.approvals a
          where a.run_id = t.run_id
            and a.step = t.step
            and a.generation = t.generation)
      and not exists (select from pgflow.unsettled_steps u where u.run_id = t.run_id and u.step = t.step);
$$;

-- _verify_deadlines: what has a deadline is watched. Rows of what ended in time are swept later.

create or replace function pgflow._verify_deadlines()
returns table (invariant text, run_id uuid, step smallint, item int, problem text)
language sql
stable
set search_path = ''
as $$
    select 'I26', d.run_id, d.step, 0, 'a deadline of nothing'
    from pgflow.deadlines d
    left join pgflow.runs r on r.run_id = d.run_id
    left join pgflow.steps s on s.workflow_id = r.workflow_id and s.step = d.step
    where r.run_id is null
       or d.step > 0 and s.deadline is null
    union all
    select 'I26', t.run_id, t.step, 0, 'its step has a deadline, but nobody watches it'
    from pgflow.tasks t
    join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
    left join pgflow.deadlines d on d.run_id = t.run_id and d.step = t.step
    where s.deadline is not null
      and t.item = 0
      and t.state in ('SCHEDULED', 'RUNNING', 'RETRYING')
      and t.deferred is distinct from 'condition'
      and not (s.is_map and not exists (
          select
          from pgflow.tasks i
          where i.run_id = t.run_id
            and i.step = t.step
            and i.item > 0
            and i.state in ('PENDING', 'SCHEDULED', 'RUNNING', 'RETRYING')))
      and d.run_id is null;
$$;

-- _verify_schedules: schedules look ahead, and no tick has two runs.

create or replace function pgflow._verify_schedules()
returns table (invariant text, run_id uuid, step smallint, item int, problem text)
language sql
stable
set search_path = ''
as $$
    select 'I27', s.last_run_id, null::smallint, null::int,
           pg_catalog.format('schedule %s has decided until %s, but its next look is at %s and its last tick was at %s',
               s.name, s.decided_until, s.next_at, s.last_at)
    from pgflow.schedules s
    where s.next_at < s.decided_until
       or s.last_at > s.decided_until
    union all
    select 'I27', (array_agg(r.run_id))[1], null, null,
           pg_catalog.format('tick %s of schedule %s has %s runs', r.labels ->> 'tick', r.labels ->> 'schedule', count(*))
    from pgflow.idempotency_keys k
    join pgflow.runs r on r.run_id = k.run_id
    where k.idempotency_key like 'schedule %'
      and r.labels ? 'tick'
    group by r.labels ->> 'schedule', r.labels ->> 'tick', k.workflow_name
    having count(*) > 1;
$$;
