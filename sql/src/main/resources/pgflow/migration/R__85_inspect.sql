-- run_results: how runs ended, for those that have.

create or replace function pgflow.run_results(
    p_run_ids  uuid[]
)
returns table (run_id uuid, state text, output jsonb, error jsonb)
language plpgsql
stable
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
    return query
    select r.run_id, r.state, pgflow._run_output(r.run_id, r.workflow_id), r.error
    from unnest(p_run_ids) u (run_id)
    join pgflow.runs r on r.run_id = u.run_id
    where r.ended_at is not null;
end;
$$;

-- _run_output: the output of the step that the workflow returns. It is kept once, on its task.

create or replace function pgflow._run_output(
    p_run_id       uuid,
    p_workflow_id  bigint
)
returns jsonb
language sql
stable
as $$
    select t.output
    from pgflow.steps s
    join pgflow.tasks t on t.run_id = p_run_id and t.step = s.step and t.item = 0
    where s.workflow_id = p_workflow_id
      and s.is_returned;
$$;

-- _step_name: the name of a step of a run.

create or replace function pgflow._step_name(
    p_run_id  uuid,
    p_step    smallint
)
returns text
language sql
stable
as $$
    select s.name
    from pgflow.runs r
    join pgflow.steps s on s.workflow_id = r.workflow_id and s.step = p_step
    where r.run_id = p_run_id;
$$;

-- list_runs: runs, newest first, by what they are of, how they stand and how they are labelled. A page ends
-- with p_limit rows; the next begins after its last run (p_before).

drop function if exists pgflow.list_runs(text, text[], jsonb, uuid, int);

create or replace function pgflow.list_runs(
    p_workflow  text,
    p_states    text[],
    p_labels    jsonb,
    p_before    uuid,
    p_limit     int
)
returns table (
    run_id      uuid,
    workflow    text,
    version     int,
    state       text,
    priority    smallint,
    labels      jsonb,
    input       jsonb,
    output      jsonb,
    error       jsonb,
    created_at  timestamptz,
    started_at  timestamptz,
    ended_at    timestamptz,
    parent_run_id  uuid,
    parent_step    text,
    parent_item    int
)
language sql
stable
set search_path = ''
as $$
    select r.run_id, w.name, w.version, r.state, r.priority, r.labels, r.input,
           pgflow._run_output(r.run_id, r.workflow_id), r.error, r.created_at, r.started_at, r.ended_at,
           p.run_id, pgflow._step_name(p.run_id, p.step), p.item
    from pgflow.runs r
    join pgflow.workflows w on w.workflow_id = r.workflow_id
    left join pgflow.sub_runs p on p.child_run_id = r.run_id
    where (p_workflow is null or w.name = p_workflow)
      and (p_states is null or r.state = any (p_states))
      and (p_labels is null or r.labels @> p_labels)
      and (p_before is null or r.run_id < p_before)
    order by r.run_id desc
    limit p_limit;
$$;

-- get_run: one run, in the shape of list_runs.

drop function if exists pgflow.get_run(uuid);

create or replace function pgflow.get_run(
    p_run_id  uuid
)
returns table (
    run_id      uuid,
    workflow    text,
    version     int,
    state       text,
    priority    smallint,
    labels      jsonb,
    input       jsonb,
    output      jsonb,
    error       jsonb,
    created_at  timestamptz,
    started_at  timestamptz,
    ended_at    timestamptz,
    parent_run_id  uuid,
    parent_step    text,
    parent_item    int
)
language sql
stable
set search_path = ''
as $$
    select r.run_id, w.name, w.version, r.state, r.priority, r.labels, r.input,
           pgflow._run_output(r.run_id, r.workflow_id), r.error, r.created_at, r.started_at, r.ended_at,
           p.run_id, pgflow._step_name(p.run_id, p.step), p.item
    from pgflow.runs r
    join pgflow.workflows w on w.workflow_id = r.workflow_id
    left join pgflow.sub_runs p on p.child_run_id = r.run_id
    where r.run_id = p_run_id;
$$;

-- _is_served: whether a living worker of the queue registered the handler.

create or replace function pgflow._is_served(
    p_queue    text,
    p_handler  text
)
returns boolean
language sql
stable
as $$
    select exists (
        select
        from pgflow.workers w
        where w.ended_at is null
          and p_queue = any (w.queues)
          and p_handler = any (w.handlers));
$$;

-- run_tasks: the tasks of a run, in the order of its steps; a page begins after (p_after_step, p_after_item).
-- `unserved` says that a worker met the task and that no living worker can run it; `progress` is what the outside said last of a
-- deferred one, `child_run_id` the run that its attempt started.

drop function if exists pgflow.run_tasks(uuid, int, int, int);

create or replace function pgflow.run_tasks(
    p_run_id      uuid,
    p_after_step  int,
    p_after_item  int,
    p_limit       int
)
returns table (
    step_number  smallint,
    step         text,
    kind         text,
    handler      text,
    is_map       boolean,
    item         int,
    state        text,
    attempts     smallint,
    losses       smallint,
    remaining    int,
    deferred     text,
    unserved     boolean,
    worker_id    bigint,
    due_at       timestamptz,
    started_at   timestamptz,
    ended_at     timestamptz,
    output       jsonb,
    error        jsonb,
    progress     jsonb,
    child_run_id uuid
)
language sql
stable
set search_path = ''
as $$
    with history as (
        select e.step, e.item,
               min(e.at) filter (where e.transition in (4, 5)) as started_at,
               max(e.at) filter (where t.to_state in ('SUCCEEDED', 'FAILED', 'CANCELLED', 'SKIPPED')) as ended_at
        from pgflow.events e
        join pgflow.transitions t on t.transition = e.transition
        where e.run_id = p_run_id
          and e.step > 0
        group by e.step, e.item
    )
    select t.step, s.name, s.kind, s.handler, s.is_map, t.item, t.state, t.attempts, t.losses, t.remaining, t.deferred,
           t.state = 'SCHEDULED' and p.handler is not null and not pgflow._is_served(p.queue, p.handler), t.worker_id, d.due_at,
           h.started_at, h.ended_at, t.output, t.error,
           f.progress, c.child_run_id
    from pgflow.tasks t
    join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
    left join history h on h.step = t.step and h.item = t.item
    left join pgflow.timers d on d.run_id = t.run_id and d.step = t.step and d.item = t.item
    left join pgflow.parked_tasks p on p.run_id = t.run_id and p.step = t.step and p.item = t.item
    left join pgflow.deferrals f on f.run_id = t.run_id and f.step = t.step and f.item = t.item and f.fence = t.fence
    left join pgflow.sub_runs c on c.run_id = t.run_id and c.step = t.step and c.item = t.item and c.fence = t.fence
    where t.run_id = p_run_id
      and (t.step, t.item) > (coalesce(p_after_step, -1), coalesce(p_after_item, -1))
    order by t.step, t.item
    limit p_limit;
$$;

-- task_dependencies: the graph of runs, task by task: which tasks a task comes after.

create or replace view pgflow.task_dependencies as
select t.run_id,
       s.name as step,
       t.item,
       p.name as depends_on
from pgflow.tasks t
join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
join pgflow.step_dependencies d on d.workflow_id = t.workflow_id and d.step = t.step
join pgflow.steps p on p.workflow_id = d.workflow_id and p.step = d.depends_on;

-- unserved_tasks: tasks that a worker met and that no living worker can run. A parked task that one can run was only
-- held by somebody when a claim met it: the next claim of that worker takes it.

create or replace view pgflow.unserved_tasks as
select p.run_id,
       s.name as step,
       p.item,
       p.queue,
       p.handler,
       p.parked_at
from pgflow.parked_tasks p
join pgflow.tasks t on t.run_id = p.run_id and t.step = p.step and t.item = p.item and t.state = 'SCHEDULED'
join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
where p.handler is not null
  and not pgflow._is_served(p.queue, p.handler);

-- server_facts: what the library wants to know of a database before it works with it.

create or replace function pgflow.server_facts(
    out server_version  int,
    out schema_version  int,
    out pgmq_version    text,
    out in_recovery     boolean
)
language sql
stable
as $$
    select pg_catalog.current_setting('server_version_num')::int,
           pgflow.schema_version(),
           coalesce((select x.extversion from pg_catalog.pg_extension x where x.extname = 'pgmq'), 'own'),
           pg_catalog.pg_is_in_recovery();
$$;
