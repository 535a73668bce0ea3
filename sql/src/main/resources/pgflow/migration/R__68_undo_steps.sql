-- _tasks_to_undo: the tasks of a run that succeeded and can be undone, each with the entry of the audit that says so: entries grow along
-- cause and effect, which is the order of success. Of a map its items, not the map itself. Not what a fallback stands for (the step
-- failed), nor cached outputs (another run did that work).

create or replace function pgflow._tasks_to_undo(
    p_run_id  uuid
)
returns table (step smallint, item int, entry bigint, output jsonb)
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
    select t.step, t.item, a.entry, coalesce(t.output, 'null')
    from pgflow.audit a
    join pgflow.tasks t on t.run_id = a.run_id and t.step = a.step and t.item = a.item and t.events = a.seq
    join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
    where a.run_id = p_run_id
      and a.step > 0
      and a.transition not in (23, 56, 57, 58, 70)
      and t.state = 'SUCCEEDED'
      and s.undo is not null
      and s.is_map = (t.item > 0);
end;
$$;

-- _steps_to_undo: the steps of a run that are to be undone, in the order in which they are: the last that succeeded first, and each before
-- what it comes after, even where a person ended it earlier. `output` is what is undone: of a map the outputs of its items, the last first.

create or replace function pgflow._steps_to_undo(
    p_run_id       uuid,
    p_workflow_id  bigint
)
returns table (n bigint, step smallint, name text, is_map boolean, output jsonb)
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
    with recursive undone as materialized (
        select t.step, max(t.entry) as entry, pg_catalog.jsonb_agg(t.output order by t.entry desc) as outputs
        from pgflow._tasks_to_undo(p_run_id) t
        group by t.step
    ),
    later as (
        select u.step as origin, u.step
        from undone u
        union
        select l.origin, d.step
        from later l
        join pgflow.steps s on s.workflow_id = p_workflow_id and s.step = l.step
        cross join unnest(s.dependents) d (step)
    ),
    -- As early as the earliest of what comes after it; nearly always that is itself.
    placed as (
        select l.origin as step, min(u.entry) as entry
        from later l
        join undone u on u.step = l.step
        group by l.origin
    )
    select row_number() over (order by p.entry desc, p.step desc), p.step, s.name, s.is_map,
           case when s.is_map then u.outputs else u.outputs -> 0 end
    from placed p
    join undone u on u.step = p.step
    join pgflow.steps s on s.workflow_id = p_workflow_id and s.step = p.step;
end;
$$;

-- _undo_step: the step that undoes one, as part of a definition. p_before: the one that is undone before it.

create or replace function pgflow._undo_step(
    p_step    jsonb,
    p_is_map  boolean,
    p_before  text
)
returns jsonb
language sql
immutable
set search_path = ''
as $$
    select pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
        'name', p_step -> 'name',
        'handler', p_step -> 'undo' -> 'handler',
        'after', case when p_before is not null then pg_catalog.jsonb_build_array(p_before) end,
        'over', case when p_is_map then '$input/' || (p_step ->> 'name') end,
        'atOnce', case when p_is_map then 1 end,
        'input', case when not p_is_map then
            pg_catalog.jsonb_build_object('$from', '$input', 'pointer', '/' || (p_step ->> 'name')) end,
        'queue', p_step -> 'queue',
        'timeout', p_step -> 'timeout',
        'maxAttempts', coalesce(p_step -> 'undo' -> 'maxAttempts', p_step -> 'maxAttempts'),
        'retryDelay', p_step -> 'retryDelay',
        'maxRetryDelay', p_step -> 'maxRetryDelay',
        'retryJitter', p_step -> 'retryJitter'));
$$;

-- _undo_workflow: the version of the workflow that undoes in this way, stored now or before. It stays until this transaction ends, though
-- others may be pruning.

create or replace function pgflow._undo_workflow(
    p_definition  jsonb
)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
    v_workflow_id bigint;
begin
    loop
        select d.workflow_id
        into v_workflow_id
        from pgflow._define(p_definition) d;
        perform 1
        from pgflow.workflows w
        where w.workflow_id = v_workflow_id
        for key share;
        if found then
            return v_workflow_id;
        end if;
    end loop;
end;
$$;
