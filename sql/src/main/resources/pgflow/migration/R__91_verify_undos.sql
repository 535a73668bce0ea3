-- _verify_undos: each run that ended badly with something to undo is owed it, or has one run that undoes it, and nothing else has; that run
-- undoes exactly what succeeded, in the reverse order. Where a person gave an output the order of success may be another one.

create or replace function pgflow._verify_undos()
returns table (invariant text, run_id uuid, step smallint, item int, problem text)
language sql
stable
set search_path = ''
as $$
    with undone as (
        select u.run_id, u.undo_run_id, u.workflow_id, r.workflow_id as of_workflow_id, d.input
        from pgflow.undo_runs u
        join pgflow.runs r on r.run_id = u.run_id and r.generation = u.generation
        join pgflow.runs d on d.run_id = u.undo_run_id
    ),
    expected as (
        select u.run_id, s.name, s.step, s.is_map, max(t.entry) as entry, count(*) as tasks
        from undone u
        cross join lateral pgflow._tasks_to_undo(u.run_id) t
        join pgflow.steps s on s.workflow_id = u.of_workflow_id and s.step = t.step
        group by u.run_id, s.name, s.step, s.is_map
    ),
    placed as (
        select u.run_id, u.of_workflow_id, s.name, s.step as place, u.input -> s.name as input
        from undone u
        join pgflow.steps s on s.workflow_id = u.workflow_id
    ),
    compared as (
        select coalesce(e.run_id, p.run_id) as run_id, p.of_workflow_id, e.step, e.name, e.is_map, e.entry, e.tasks, p.place, p.input,
               lag(e.entry) over (partition by coalesce(e.run_id, p.run_id) order by p.place) as entry_before
        from expected e
        full join placed p on p.run_id = e.run_id and p.name = e.name
    )
    select 'I28', r.run_id, 0::smallint, 0, 'it is ' || r.state || ' with something to undo, and nobody undoes it'
    from pgflow.runs r
    join pgflow.workflows w on w.workflow_id = r.workflow_id
    where w.has_undo
      and r.state in ('FAILED', 'CANCELLED')
      and exists (select from pgflow._tasks_to_undo(r.run_id))
      and not exists (select from pgflow.owed_undos o where o.run_id = r.run_id and o.generation = r.generation)
      and not exists (select from pgflow.undo_runs u where u.run_id = r.run_id and u.generation = r.generation)
    union all
    select 'I28', o.run_id, 0::smallint, 0, 'owed its undoing, but it is ' || coalesce(r.state, 'missing') || ', or has begun to be undone'
    from pgflow.owed_undos o
    left join pgflow.runs r on r.run_id = o.run_id and r.generation = o.generation
    where r.state is null
       or r.state not in ('FAILED', 'CANCELLED')
       or exists (select from pgflow.undo_runs u where u.run_id = o.run_id and u.generation = o.generation)
    union all
    select 'I28', u.run_id, 0::smallint, 0, 'undone by run ' || u.undo_run_id || ', but it is ' || coalesce(r.state, 'missing')
    from pgflow.undo_runs u
    left join pgflow.runs r on r.run_id = u.run_id and r.generation = u.generation
    where r.state is null
       or r.state not in ('FAILED', 'CANCELLED')
    union all
    select 'I28', u.run_id, 0::smallint, 0, 'the run that undoes it, ' || u.undo_run_id || ', is missing, or of another workflow'
    from pgflow.undo_runs u
    left join pgflow.runs d on d.run_id = u.undo_run_id
    where d.workflow_id is distinct from u.workflow_id
    union all
    select 'I28', r.run_id, 0::smallint, 0, 'it undoes no run'
    from pgflow.runs r
    join pgflow.workflows w on w.workflow_id = r.workflow_id
    where w.name like '%$undo'
      and not exists (select from pgflow.undo_runs u where u.undo_run_id = r.run_id)
    union all
    select 'I28', c.run_id, c.step, 0,
           case when c.place is null then 'it succeeded and is not undone' else 'something is undone that did not succeed' end
    from compared c
    where c.place is null
       or c.entry is null
    union all
    select 'I28', c.run_id, c.step, 0, 'not all of its items are undone, or more'
    from compared c
    where c.is_map
      and pg_catalog.jsonb_array_length(c.input) <> c.tasks
    union all
    select 'I28', c.run_id, c.step, 0, 'undone after what succeeded before it'
    from compared c
    where c.entry_before < c.entry
      and not exists (select from pgflow.audit a where a.run_id = c.run_id and a.transition between 63 and 65)
    union all
    select 'I28', c.run_id, c.step, 0, 'undone before ' || d.name || ', which comes after it'
    from compared c
    join pgflow.step_dependencies e on e.workflow_id = c.of_workflow_id and e.depends_on = c.step
    join compared d on d.run_id = c.run_id and d.step = e.step
    where c.place < d.place;
$$;
