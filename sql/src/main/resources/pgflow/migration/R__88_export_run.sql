-- _export_tasks: the tasks of a run in the order of steps and items, each with its earlier generations.

create or replace function pgflow._export_tasks(
    p_run_id       uuid,
    p_workflow_id  int
)
returns json
language sql
stable
set search_path = ''
as $$
    select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
        'step', s.name,
        'number', t.step,
        'item', t.item,
        'state', t.state,
        'generation', t.generation,
        'attempts', t.attempts,
        'losses', t.losses,
        'releases', t.releases,
        'fence', t.fence,
        'deferred', t.deferred,
        'input', t.input,
        'output', t.output,
        'error', t.error,
        'past', (
            select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
                'generation', g.generation, 'state', g.state, 'attempts', g.attempts, 'input', g.input, 'output', g.output,
                'error', g.error) order by g.generation), '[]')
            from pgflow.past_generations g
            where g.run_id = t.run_id
              and g.step = t.step
              and g.item = t.item)) order by t.step, t.item), '[]')
    from pgflow.tasks t
    left join pgflow.steps s on s.workflow_id = p_workflow_id and s.step = t.step
    where t.run_id = p_run_id;
$$;

-- _export_events: the history of a run, in the order of cause and effect.

create or replace function pgflow._export_events(
    p_run_id  uuid
)
returns json
language sql
stable
set search_path = ''
as $$
    select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
        'id', e.event_id,
        'event', e.event,
        'step', e.step,
        'item', e.item,
        'seq', e.seq,
        'generation', e.generation,
        'attempt', e.attempt,
        'fence', e.fence,
        'from', e.from_state,
        'to', e.to_state,
        'at', pgflow._utc(e.at),
        'worker', e.worker_id,
        'actor', e.actor,
        'detail', e.detail) order by e.event_id), '[]')
    from pgflow.run_events(p_run_id) e;
$$;

-- export_run: everything about a run as one JSON document; null when there is no such run. The format is described in
-- docs/run-operations.md. Keys, tasks and events stand in a fixed order and times are UTC, so that the same run gives the same text.

create or replace function pgflow.export_run(
    p_run_id  uuid
)
returns json
language sql
stable
set search_path = ''
as $$
    select pg_catalog.json_build_object(
        'format', 'pgflow-run-1',
        'workflow', pg_catalog.json_build_object('name', w.name, 'version', w.version, 'definition', w.definition),
        'run', pg_catalog.json_build_object(
            'id', r.run_id,
            'state', r.state,
            'generation', r.generation,
            'priority', r.priority,
            'labels', r.labels,
            'idempotency_key', (select k.idempotency_key from pgflow.idempotency_keys k
                                where k.workflow_name = w.name and k.run_id = r.run_id limit 1),
            'origin', (select o.origin_id from pgflow.run_origins o where o.run_id = r.run_id),
            'undo_run', pgflow.undo_of(r.run_id),
            'undoes', (select u.run_id from pgflow.undo_runs u where u.undo_run_id = r.run_id),
            'created_at', pgflow._utc(r.created_at),
            'started_at', pgflow._utc(r.started_at),
            'ended_at', pgflow._utc(r.ended_at),
            'input', r.input,
            'output', pgflow._run_output(r.run_id, r.workflow_id),
            'error', r.error),
        'tasks', pgflow._export_tasks(r.run_id, r.workflow_id),
        'events', pgflow._export_events(r.run_id))
    from pgflow.runs r
    join pgflow.workflows w on w.workflow_id = r.workflow_id
    where r.run_id = p_run_id;
$$;
