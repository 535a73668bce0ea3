-- define_workflow: stores a workflow and says which version it is.
--
-- The same definition is the same version, however often it is defined; another definition of the same
-- name is the next version. Versions never change, so runs that point at one are safe.
-- Parents stand before their children in `steps`. Raises PF002 when the definition cannot be stored.
--
-- Locks: an advisory lock on the name, while a new version is stored.

create or replace function pgflow.define_workflow(
    p_definition  jsonb,
    out workflow_id  bigint,
    out version      int,
    out created      boolean
)
language plpgsql
set search_path = ''
as $$
begin
    if p_definition ->> 'name' like '%$undo' then
        raise exception 'workflow % is not valid: names that end in $undo are made by the engine', p_definition ->> 'name'
            using errcode = 'PF002',
                  hint = 'Use another name; what undoes a run is said by the steps of its own workflow ("undo").';
    end if;
    select d.workflow_id, d.version, d.created
    into workflow_id, version, created
    from pgflow._define(p_definition) d;
end;
$$;

-- _define: the same, also for workflows that the engine makes itself (name$undo).

create or replace function pgflow._define(
    p_definition  jsonb,
    out workflow_id  bigint,
    out version      int,
    out created      boolean
)
language plpgsql
set search_path = ''
as $$
declare
    v_name text := p_definition ->> 'name';
    v_checksum bytea := pg_catalog.sha256(pg_catalog.convert_to(p_definition::text, 'UTF8'));
begin
    created := false;
    select w.workflow_id, w.version
    into workflow_id, version
    from pgflow.workflows w
    where w.name = v_name
      and w.checksum = v_checksum;
    if found then
        return;
    end if;

    perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('pgflow.define_workflow ' || v_name, 0));
    select w.workflow_id, w.version
    into workflow_id, version
    from pgflow.workflows w
    where w.name = v_name
      and w.checksum = v_checksum;
    if found then
        return;
    end if;

    begin
        if v_name not like '%$undo' then
            perform pgflow._check_definition(p_definition);
        end if;
        workflow_id := pgflow._insert_workflow(v_name, v_checksum, p_definition);
        perform pgflow._create_queues(p_definition);
        perform pgflow._insert_steps(workflow_id, p_definition);
    exception
        when data_exception or integrity_constraint_violation then
            raise exception 'workflow % is not valid: %', coalesce(v_name, '(without a name)'), sqlerrm
                using errcode = 'PF002',
                      hint = 'Mend the definition; docs/defining-workflows.md describes the format.';
    end;
    version := (select w.version from pgflow.workflows w where w.workflow_id = _define.workflow_id);
    created := true;
end;
$$;

-- _insert_workflow: the workflow itself, as the next version of its name.

create or replace function pgflow._insert_workflow(
    p_name        text,
    p_checksum    bytea,
    p_definition  jsonb
)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
    v_workflow_id bigint;
begin
    insert into pgflow.workflows (name, version, checksum, definition, sinks, only_roots, deadline)
    select p_name,
           coalesce((select max(w.version) from pgflow.workflows w where w.name = p_name), 0) + 1,
           p_checksum,
           p_definition,
           0,
           false,
           (p_definition ->> 'deadline')::interval
    returning workflow_id
    into v_workflow_id;
    return v_workflow_id;
end;
$$;

-- _check_definition: refuses what could not run. The library reports the same mistakes earlier, all at once
-- and with suggestions; this is the last line, for callers that speak SQL.

create or replace function pgflow._check_definition(
    p_definition  jsonb
)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_problem text;
begin
    with step as (
        select s.value ->> 'name' as name,
               s.value,
               s.n
        from pg_catalog.jsonb_array_elements(
            case pg_catalog.jsonb_typeof(p_definition -> 'steps') when 'array' then p_definition -> 'steps' else '[]' end)
            with ordinality s (value, n)
    ),
    parent as (
        select s.name, s.n, d.name as parent
        from step s
        cross join lateral pg_catalog.jsonb_array_elements_text(coalesce(s.value -> 'after', '[]')) d (name)
        union
        select s.name, s.n, s.value ->> 'over'
        from step s
        where s.value ->> 'over' <> '$input'
    )
    select p.problem
    into v_problem
    from (
        select 'a workflow has 1 to 1000 steps' where (select count(*) from step) not between 1 and 1000
        union all
        select pg_catalog.format('step %s has no name', s.n)
        from step s
        where s.name is null
        union all
        select pg_catalog.format('step %L is for queue %L, and no queue can be named so', s.name, left(s.value ->> 'queue', 60))
        from step s
        where s.value ->> 'queue' !~ '^[a-z][a-z0-9_]{0,39}$'
        union all
        select pg_catalog.format('what step %L does is not valid: %s', a.name, a.problem)
        from (
            select s.name,
                   pgflow._action_problem(
                       s.value, array['$input'] || array(select p.parent from parent p where p.name = s.name)) as problem
            from step s) a
        where a.problem is not null
        union all
        select pg_catalog.format('two steps are named %L', s.name) from step s group by s.name having count(*) > 1
        union all
        select pg_catalog.format('step %L comes after %L, which does not stand before it', p.name, p.parent)
        from parent p
        where not exists (select from step s where s.name = p.parent and s.n < p.n)
        union all
        select pg_catalog.format('the condition of step %L is not valid: %s', c.name, c.problem)
        from (
            select s.name,
                   pgflow._condition_problem(
                       s.value -> 'when',
                       array['$input'] || array(select p.parent from parent p where p.name = s.name)) as problem
            from step s
            where s.value -> 'when' is not null) c
        where c.problem is not null
        union all
        select pg_catalog.format('the limits of step %L are not valid: %s', l.name, l.problem)
        from (
            select s.name,
                   pgflow._limits_problem(
                       s.value,
                       array['$input', '$item'] || array(select p.parent from parent p where p.name = s.name)) as problem
            from step s) l
        where l.problem is not null
        union all
        select pg_catalog.format('what undoes step %L is not valid: %s', u.name, u.problem)
        from (select s.name, pgflow._undo_problem(s.value) as problem from step s where s.value -> 'undo' is not null) u
        where u.problem is not null
        union all
        select pg_catalog.format('%L of %s is no duration up to %s', d.field, d.place, d.most)
        from (
            select 'deadline' as field, 'the workflow' as place, p_definition ->> 'deadline' as span, interval '365 days' as most
            union all
            select v.field, pg_catalog.format('step %L', s.name), v.span, v.most
            from step s
            cross join lateral (
                values ('timeout', s.value ->> 'timeout', interval '30 days'),
                       ('retryDelay', s.value ->> 'retryDelay', '30 days'),
                       ('maxRetryDelay', s.value ->> 'maxRetryDelay', '30 days'),
                       ('deadline', s.value ->> 'deadline', '365 days'),
                       ('within', s.value ->> 'within', '3650 days'),
                       ('within', s.value -> 'approval' ->> 'within', '3650 days')) v (field, span, most)
            union all
            select 'within', pg_catalog.format('step %L', s.name), e.value ->> 'within', '3650 days'
            from step s
            cross join lateral pg_catalog.jsonb_array_elements(coalesce(s.value -> 'approval' -> 'escalate', '[]')) e (value)) d
        where d.span::interval not between '0' and d.most
        union all
        select pg_catalog.format('the returned step %L does not exist', p_definition ->> 'returns')
        where p_definition ->> 'returns' is not null
          and not exists (select from step s where s.name = p_definition ->> 'returns')
    ) p (problem)
    limit 1;

    if v_problem is not null then
        raise exception 'workflow % is not valid: %', coalesce(p_definition ->> 'name', '(without a name)'), v_problem
            using errcode = 'PF002',
                  hint = 'Mend the definition; docs/defining-workflows.md describes the format.';
    end if;
end;
$$;

-- _create_queues: makes sure that the queues a definition names exist, here and in pgmq.

create or replace function pgflow._create_queues(
    p_definition  jsonb
)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_queue text;
begin
    for v_queue in
        select distinct coalesce(s.value ->> 'queue', 'default')
        from pg_catalog.jsonb_array_elements(p_definition -> 'steps') s (value)
        order by 1
    loop
        perform pgflow.create_queue(v_queue);
    end loop;
end;
$$;

-- create_queue: makes sure that a queue exists. A queue is three queues of pgmq, one a priority. Raises PF004 for a name
-- that is none, and when somebody made one of them partitioned: claims find messages by their place (ctid), which means nothing across
-- tables.

create or replace function pgflow.create_queue(
    p_queue  text
)
returns void
language plpgsql
set search_path = ''
as $$
begin
    if exists (select from pgflow.queues q where q.queue = p_queue) then
        return;
    end if;
    if p_queue is null or p_queue !~ '^[a-z][a-z0-9_]{0,39}$' then
        raise exception 'a queue cannot be named %', coalesce(pg_catalog.quote_literal(left(p_queue, 60)), 'null')
            using errcode = 'PF004', hint = 'Begin with a letter from a to z; then use up to 39 of a to z, 0 to 9 and _.';
    end if;
    perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('pgflow.create_queue', 0));
    insert into pgflow.queues (queue)
    values (p_queue)
    on conflict do nothing;
    if not found then
        return;
    end if;

    if exists (
        select
        from pg_catalog.generate_series(1, 3) priority
        join pg_catalog.pg_class c on c.relname = 'q_' || pgflow._pgmq_queue(p_queue, priority::smallint)
        where c.relnamespace = pg_catalog.to_regnamespace('pgmq')
          and c.relkind = 'p')
    then
        raise exception 'queue % has a partitioned queue of pgmq behind it', p_queue
            using errcode = 'PF004', hint = 'Drop it (pgmq.drop_queue) and let create_queue make it, or use another name.';
    end if;
    perform pgmq.create(pgflow._pgmq_queue(p_queue, priority::smallint))
    from pg_catalog.generate_series(1, 3) priority;
end;
$$;

-- _pgmq_queue: the queue of pgmq behind a queue of ours, for a priority (1 high, 2 normal, 3 low). With the cast it
-- is immutable throughout, so that callers take it in instead of calling it.

create or replace function pgflow._pgmq_queue(
    p_queue     text,
    p_priority  smallint
)
returns text
language sql
immutable
as $$
    select 'pgf' || p_priority::text || '_' || p_queue;
$$;

-- _insert_steps: the definition's steps and edges as rows, numbered in their order.

create or replace function pgflow._insert_steps(
    p_workflow_id  bigint,
    p_definition   jsonb
)
returns void
language plpgsql
set search_path = ''
as $$
begin
    with step as (
        select s.value ->> 'name' as name, s.value, s.n::smallint as n
        from pg_catalog.jsonb_array_elements(p_definition -> 'steps') with ordinality s (value, n)
    ),
    edge as (
        select s.n as child, p.n as parent
        from step s
        cross join lateral pg_catalog.jsonb_array_elements_text(coalesce(s.value -> 'after', '[]')) d (name)
        join step p on p.name = d.name
        union
        select s.n, p.n
        from step s
        join step p on p.name = s.value ->> 'over'
    )
    insert into pgflow.steps (
        workflow_id, step, name, kind, handler, waits_for, queue, is_map, map_over, is_returned, depends_on, dependents,
        opens_maps, opening, condition, otherwise, on_failure, fallback, collects, at_once, max_attempts, timeout,
        deadline, retry_delay, max_retry_delay, retry_jitter, undo, map_part)
    select p_workflow_id,
           s.n,
           s.name,
           pgflow._kind(s.value),
           s.value ->> 'handler',
           pgflow._waits_for(s.value),
           coalesce(s.value ->> 'queue', 'default'),
           s.value ->> 'over' is not null,
           case when s.value ->> 'over' is not null then coalesce((select o.n from step o where o.name = s.value ->> 'over'), 0) end,
           s.name is not distinct from p_definition ->> 'returns',
           array(select e.parent from edge e where e.child = s.n order by 1),
           array(select e.child from edge e where e.parent = s.n order by 1),
           exists (
               select
               from edge e
               join step c on c.n = e.child
               where e.parent = s.n
                 and c.value ->> 'over' is not null),
           case when s.value -> 'when' is not null or s.value ->> 'deadline' is not null or pgflow._kind(s.value) <> 'work' then 'settle'
                when s.value ->> 'over' is not null then 'open'
                else 'schedule' end,
           s.value -> 'when',
           coalesce(s.value ->> 'otherwise', 'skip'),
           coalesce(s.value ->> 'onFailure', 'fail'),
           s.value -> 'fallback',
           coalesce((s.value ->> 'collect')::boolean, false),
           -- Runs that begin together are written by one transaction.
           coalesce((s.value ->> 'atOnce')::int, case when s.value -> 'workflow' is not null and s.value -> 'over' is not null then 1000 end),
           coalesce((s.value ->> 'maxAttempts')::smallint, 3),
           coalesce((s.value ->> 'timeout')::interval, '5 minutes'),
           (s.value ->> 'deadline')::interval,
           coalesce((s.value ->> 'retryDelay')::interval, '1 second'),
           greatest(coalesce((s.value ->> 'maxRetryDelay')::interval, '1 minute'),
                    coalesce((s.value ->> 'retryDelay')::interval, '1 second')),
           coalesce((s.value ->> 'retryJitter')::double precision, 0.2),
           s.value -> 'undo',
           substring(s.value ->> 'over' from '^\$input/(.*)$')
    from step s;
    perform pgflow._insert_limits(p_workflow_id, p_definition);

    insert into pgflow.step_dependencies (workflow_id, step, depends_on)
    select s.workflow_id, s.step, d.step
    from pgflow.steps s
    cross join unnest(s.depends_on) d (step)
    where s.workflow_id = p_workflow_id;

    update pgflow.workflows w
    set sinks = (select count(*) from pgflow.steps s where s.workflow_id = w.workflow_id and s.dependents = '{}'),
        first_root = (
            select min(s.step)
            from pgflow.steps s
            where s.workflow_id = w.workflow_id
              and s.depends_on = '{}'
              and s.opening = 'schedule'),
        only_roots = (
            select bool_and(s.depends_on = '{}' and s.opening = 'schedule') and w.deadline is null
            from pgflow.steps s
            where s.workflow_id = w.workflow_id),
        has_undo = exists (select from pgflow.steps s where s.workflow_id = w.workflow_id and s.undo is not null)
    where w.workflow_id = p_workflow_id;
end;
$$;

-- _kind: what a step of a definition does: work by a handler, or waiting for something. Null when it does not say so in just one way.

create or replace function pgflow._kind(
    p_step  jsonb
)
returns text
language sql
immutable
set search_path = ''
as $$
    select case when count(*) = 1 then min(k.kind) end
    from (
        values ('work', 'handler'), ('workflow', 'workflow'), ('sleep', 'sleep'), ('signal', 'signal'), ('approval', 'approval')
    ) k (kind, field)
    where p_step -> k.field is not null;
$$;

-- _waits_for: the fields of a step in a definition that say what it waits for; null when it does work.

create or replace function pgflow._waits_for(
    p_step  jsonb
)
returns jsonb
language sql
immutable
set search_path = ''
as $$
    select pg_catalog.jsonb_object_agg(f.name, f.value)
    from pg_catalog.jsonb_each(p_step) f (name, value)
    where f.name in ('sleep', 'signal', 'within', 'approval')
       or f.name in ('workflow', 'version', 'input') and p_step -> 'workflow' is not null;
$$;

-- _action_problem: what is wrong with the fields that say what a step does; null when they are sound.

create or replace function pgflow._action_problem(
    p_step      jsonb,
    p_readable  text[]
)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
    v_kind text := pgflow._kind(p_step);
begin
    return case
        when v_kind is null then 'it needs one of handler, workflow, sleep, signal and approval'
        when v_kind <> 'workflow' and p_step -> 'version' is not null then '"version" belongs to "workflow"'
        when v_kind <> 'signal' and p_step -> 'within' is not null then '"within" belongs to "signal"'
        when v_kind = 'work' then
            case when pg_catalog.jsonb_typeof(p_step -> 'handler') <> 'string' then 'a handler is a name' end
        when v_kind = 'workflow' then case
            when coalesce(p_step ->> 'workflow', '') !~ '^[a-z][a-z0-9_]{0,39}$' then 'a workflow is named by its name'
            when coalesce((p_step ->> 'version')::int < 1, false) then 'versions count from 1'
        end
        when p_step -> 'over' is not null then 'it waits for something and has no items'
        when v_kind = 'sleep' then
            case pg_catalog.jsonb_typeof(p_step -> 'sleep')
                when 'object' then pgflow._condition_problem(p_step -> 'sleep' || '{"exists": true}', p_readable)
                else case when pgflow._wake_time(p_step -> 'sleep', null, null, pgflow.clock()) is null then
                    'a sleep needs a duration such as "PT1H", a time such as "2026-01-31T08:00:00Z" or {"$from": ...}' end
            end
        when v_kind = 'approval' and p_step ->> 'onFailure' = 'fallback' then
            'people decide: nothing takes the place of their decision; let a rejection succeed, or skip what follows'
        when v_kind = 'approval' then pgflow._approval_problem(p_step -> 'approval', p_readable)
        when coalesce(p_step ->> 'signal', '') !~ '^[a-z][a-z0-9_]{0,39}$' then 'a signal has a name like a step'
        when coalesce((p_step ->> 'within')::interval <= '0', false) then '"within" is longer than nothing'
    end;
end;
$$;

-- _approval_problem: what is wrong with a question to people; null when it is sound. The library looks closer.

create or replace function pgflow._approval_problem(
    p_approval  jsonb,
    p_readable  text[]
)
returns text
language sql
stable
set search_path = ''
as $$
    select case
        when pg_catalog.jsonb_typeof(p_approval) <> 'object' then 'an approval is an object'
        when not coalesce(pg_catalog.jsonb_typeof(p_approval -> 'question') = 'string' and p_approval ->> 'question' <> '', false) then
            'an approval needs a question'
        when p_approval -> 'show' is not null
            and pgflow._condition_problem(p_approval -> 'show' || '{"exists": true}', p_readable) is not null then
            'what is shown is {"$from": "$input" or a step that it comes after, "pointer": ...}'
        when not coalesce(pg_catalog.jsonb_array_length(p_approval -> 'choices') >= 2, true) then
            'there are at least two choices'
        when not coalesce(p_approval ->> 'quorum' ~ '^([1-9][0-9]?|100)$', true) then 'a quorum is 1 to 100 people'
        when coalesce((p_approval ->> 'within')::interval <= '0', false) then '"within" is longer than nothing'
        when p_approval -> 'escalate' is not null and p_approval -> 'within' is null then
            'nothing escalates without a deadline ("within")'
        when exists (
            select
            from pg_catalog.jsonb_array_elements(coalesce(p_approval -> 'form', '[]')) f (value)
            where coalesce(f.value ->> 'name', '') !~ '^[a-z][a-z0-9_]{0,39}$'
               or not coalesce(f.value ->> 'type' in ('text', 'number', 'boolean', 'choice'), false)) then
            'a field of a form has a name, and is a text, number, boolean or choice'
    end;
$$;

-- _undo_problem: what is wrong with what undoes a step; null when it is sound.

create or replace function pgflow._undo_problem(
    p_step  jsonb
)
returns text
language sql
immutable
set search_path = ''
as $$
    select case
        when pg_catalog.jsonb_typeof(p_step -> 'undo') <> 'object' then 'it is an object with a handler'
        when pgflow._kind(p_step) not in ('work', 'workflow') then 'a step that waits for something has nothing to undo'
        when not coalesce(
            p_step -> 'undo' ->> 'handler' ~ '^[a-z][a-z0-9_]{0,39}(\.[a-z][a-z0-9_]{0,39}){0,3}$', false) then
            'it needs the name of a handler'
        when not coalesce((p_step -> 'undo' ->> 'maxAttempts')::numeric between 1 and 100, true) then 'there are 1 to 100 attempts'
    end;
$$;
