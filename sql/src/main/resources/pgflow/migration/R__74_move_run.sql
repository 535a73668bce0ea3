-- plan_move: what it would mean to move a run to another version of its workflow: a row a step, and first, where there is one, a row without a
-- step that says why the run as a whole cannot move. Changes nothing.
--
-- fate: stays (it has begun, and is the same in both versions), waits (it has not begun and is in both; what the new version says of it
-- holds), new, dropped (it has not begun and is not in the new version), or refused, with the reason. A run moves when nothing is refused.
--
-- What has begun keeps its number, since queues, workers, reports and the history know it by that; so new steps stand behind those that
-- have begun. It keeps its name, handler, kind and parents, too. While it runs all that is said of it stays, and its end may not begin to
-- concern the whole run, since whoever reports it may have looked before the move.

create or replace function pgflow.plan_move(
    p_run_id   uuid,
    p_version  int
)
returns table (step text, fate text, reason text)
language plpgsql
stable
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_from bigint;
    v_to bigint;
    v_refused text;
begin
    select r.workflow_id, n.workflow_id,
           case
               when r.ended_at is not null then 'the run has ended: ' || r.state
               when pgflow._is_undo_run(r.run_id) then 'the run undoes another one'
               when n.workflow_id is null then 'workflow ' || w.name || ' has no version ' || p_version
               when n.workflow_id = r.workflow_id then 'the run is of version ' || p_version || ' already'
           end
    into v_from, v_to, v_refused
    from pgflow.runs r
    join pgflow.workflows w on w.workflow_id = r.workflow_id
    left join pgflow.workflows n on n.name = w.name and n.version = p_version
    where r.run_id = p_run_id;
    if not found then
        v_refused := 'there is no such run';
    end if;
    if v_refused is not null then
        return query select null::text, 'refused', v_refused;
        return;
    end if;

    return query
    with begun as (
        select t.step,
               pgflow._move_problem(o, n, t.state, p_version, t.state = 'RUNNING' or exists (
                   select
                   from pgflow.unsettled_steps u
                   where u.run_id = p_run_id
                     and u.step = t.step)) as problem
        from pgflow.steps o
        join pgflow.tasks t on t.run_id = p_run_id and t.step = o.step and t.item = 0
        left join pgflow.steps n on n.workflow_id = v_to and n.step = o.step
        where o.workflow_id = v_from
          and t.state <> 'PENDING'
    )
    select s.name, case when b.problem is null then 'stays' else 'refused' end, b.problem
    from begun b
    join pgflow.steps s on s.workflow_id = v_from and s.step = b.step
    union all
    select n.name, case when o.name is null then 'new' else 'waits' end, null
    from pgflow.steps n
    left join pgflow.steps o on o.workflow_id = v_from and o.name = n.name
    where n.workflow_id = v_to
      and (o.step is null or o.step not in (select b.step from begun b))
    union all
    select o.name, 'dropped', null
    from pgflow.steps o
    where o.workflow_id = v_from
      and o.step not in (select b.step from begun b)
      and not exists (select from pgflow.steps n where n.workflow_id = v_to and n.name = o.name);
end;
$$;

-- _move_problem: why a step that has begun cannot go on as what stands at its number in the new version; null when it can.
-- p_ending: somebody may be about to report or count its end.

create or replace function pgflow._move_problem(
    p_old      pgflow.steps,
    p_new      pgflow.steps,
    p_state    text,
    p_version  int,
    p_ending   boolean
)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
    return case
        when p_new.name is distinct from p_old.name then coalesce(
            'it has begun as step number ' || p_old.step || ' and would be number ' || (
                select n.step
                from pgflow.workflows w
                join pgflow.workflows v on v.name = w.name and v.version = p_version
                join pgflow.steps n on n.workflow_id = v.workflow_id and n.name = p_old.name
                where w.workflow_id = p_old.workflow_id) || '; put new steps behind those that have begun',
            'it has begun and is not in version ' || p_version)
        when p_new.kind <> p_old.kind then 'it has begun as ' || p_old.kind || ', and would be ' || p_new.kind
        when p_new.handler is distinct from p_old.handler then
            'it has begun with handler ' || coalesce(p_old.handler, 'none') || ', which would be ' || coalesce(p_new.handler, 'none')
        when (p_new.is_map, p_new.map_over) is distinct from (p_old.is_map, p_old.map_over)
             or pgflow._parents(p_new) is distinct from pgflow._parents(p_old) then
            'it has begun after ' || pgflow._parents(p_old)::text || ', and would come after or map over something else'
        when p_state = 'SCHEDULED' and p_new.queue <> p_old.queue then
            'it waits in queue ' || p_old.queue || ', and would wait in ' || p_new.queue
        when p_state = 'SCHEDULED' and p_old.limits is not null and p_new.limits is null then
            'it waits for room in its limits, and would have none; wait until it has begun'
        when p_state = 'SCHEDULED' and p_old.limits is null and p_new.limits is not null then
            'it waits for a worker, past the limits that it would have; wait until it has begun'
        when p_state = 'RUNNING' and pgflow._said_of(p_new) <> pgflow._said_of(p_old) then
            'it runs, and its options would change; wait until it has ended'
        when p_ending and (p_new.dependents = '{}' or p_new.opens_maps)
             and not (p_old.dependents = '{}' or p_old.opens_maps) then
            'its end would end the run or open a map, which it does not now; wait until it has ended'
    end;
end;
$$;

-- _parents: the parents of a step by number and name.

create or replace function pgflow._parents(
    p_step  pgflow.steps
)
returns text[]
language sql
stable
set search_path = ''
as $$
    select array(
        select s.step || ' ' || s.name
        from pgflow.steps s
        where s.workflow_id = p_step.workflow_id
          and s.step = any (p_step.depends_on)
        order by s.step);
$$;

-- _said_of: all that is said of a step, but for what comes after it.

create or replace function pgflow._said_of(
    p_step  pgflow.steps
)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select pg_catalog.to_jsonb(p_step) - '{workflow_id,dependents,opens_maps,is_returned}'::text[];
$$;

-- move_run: moves a run that has not ended to another version of its workflow, if plan_move refuses nothing.
--
-- Steps that have not begun are those of the new version afterwards. Where another step stands at a number than before, or none, the
-- old task is CANCELLED, and a new one begins in the next generation. run_moves says up to which entry of the audit the numbers
-- mean the steps of the old version.
-- Returns: moved, or refused with the reasons.
-- Locks: the run, then its tasks (but for items that ended well), each in order; then the queues.

create or replace function pgflow.move_run(
    p_run_id   uuid,
    p_version  int,
    p_actor    text,
    p_reason   text,
    out outcome       text,
    out reasons       text[],
    out woken_queues  text[],
    out to_settle     boolean
)
language plpgsql
set search_path = ''
as $$
declare
    v_now timestamptz;
    v_from record;
    v_to bigint;
    v_last bigint;
begin
    to_settle := false;
    perform pgflow._lock_whole_runs(array[p_run_id]);
    --@pp move_run-locked
    v_now := pgflow.clock();
    select array_agg(coalesce(p.step || ': ', '') || p.reason order by p.step)
    into reasons
    from pgflow.plan_move(p_run_id, p_version) p
    where p.fate = 'refused';
    outcome := case when reasons is null then 'moved' else 'refused' end;
    if outcome = 'refused' then
        return;
    end if;

    select r.workflow_id, w.version, n.workflow_id as to_workflow_id
    into v_from
    from pgflow.runs r
    join pgflow.workflows w on w.workflow_id = r.workflow_id
    join pgflow.workflows n on n.name = w.name and n.version = p_version
    where r.run_id = p_run_id;
    v_to := v_from.to_workflow_id;

    v_last := pgflow._point_run_at(p_run_id, v_from.version, p_version, v_to, p_actor, p_reason, v_now);
    v_last := greatest(v_last, pgflow._drop_steps(p_run_id, v_from.workflow_id, v_to, v_now));
    insert into pgflow.run_moves (run_id, last_entry, workflow_id)
    values (p_run_id, v_last, v_from.workflow_id);
    perform pgflow._take_steps(p_run_id, v_to, v_now);
    perform pgflow._take_deadlines(p_run_id, v_to, v_now);
    perform pgflow._recount(array[p_run_id]);
    select g.woken_queues, g.to_settle
    into woken_queues, to_settle
    from pgflow._go_on(array[p_run_id], v_now) g;
end;
$$;

-- _point_run_at: the run is one of the new version, and its history says so. Returns the entry.

create or replace function pgflow._point_run_at(
    p_run_id       uuid,
    p_from         int,
    p_to           int,
    p_workflow_id  bigint,
    p_actor        text,
    p_reason       text,
    p_now          timestamptz
)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
    v_entry bigint;
begin
    with moved as (
        update pgflow.runs r
        set workflow_id = p_workflow_id,
            events = r.events + 1
        where r.run_id = p_run_id
        returning r.events, r.generation, r.state
    )
    insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt, actor, detail)
    select p_run_id, p_now, 0, m.events, 0, 0, case m.state when 'PENDING' then 117 else 116 end, m.generation, 0, p_actor,
           pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('reason', p_reason, 'from', p_from, 'to', p_to))
    from moved m
    returning entry
    into v_entry;
    return v_entry;
end;
$$;

-- _drop_steps: steps that have not begun, and at whose number the new version has another step or none, are CANCELLED. Returns the last
-- entry of the audit; null when there is none.

create or replace function pgflow._drop_steps(
    p_run_id  uuid,
    p_from    bigint,
    p_to      bigint,
    p_now     timestamptz
)
returns bigint
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_last bigint;
begin
    delete from pgflow.unsettled_steps u
    using pgflow.tasks t
    where u.run_id = p_run_id
      and t.run_id = u.run_id
      and t.step = u.step
      and t.item = 0
      and t.state = 'PENDING';

    with dropped as (
        update pgflow.tasks t
        set state = 'CANCELLED',
            events = t.events + 1
        from pgflow.steps o
        left join pgflow.steps n on n.workflow_id = p_to and n.step = o.step
        where o.workflow_id = p_from
          and n.name is distinct from o.name
          and t.run_id = p_run_id
          and t.step = o.step
          and t.item = 0
          and t.state = 'PENDING'
        returning t.step, t.events, t.fence, t.generation, t.attempts
    ),
    audited as (
        insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt)
        select p_run_id, p_now, 0, d.events, d.fence, d.step, 66, d.generation, d.attempts
        from dropped d
        returning entry
    )
    select max(a.entry)
    into v_last
    from audited a;
    return v_last;
end;
$$;

-- _take_steps: all tasks are of the new version, and each of its steps has one.

create or replace function pgflow._take_steps(
    p_run_id  uuid,
    p_to      bigint,
    p_now     timestamptz
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
    update pgflow.tasks t
    set workflow_id = p_to
    where t.run_id = p_run_id;
    update pgflow.gated_tasks g
    set line_id = null -- the limits may be others
    where g.run_id = p_run_id;

    insert into pgflow.past_generations (
        run_id, item, fence, events, step, generation, attempts, state, input, output, error)
    select t.run_id, t.item, t.fence, t.events, t.step, t.generation, t.attempts, t.state, t.input, t.output, t.error
    from pgflow.steps n
    join pgflow.tasks t on t.run_id = p_run_id and t.step = n.step and t.item = 0
    where n.workflow_id = p_to
      and t.state = 'CANCELLED';

    with taken as (
        insert into pgflow.tasks as t (run_id, workflow_id, item, remaining, events, step, priority, state)
        select r.run_id, p_to, 0, 0, 1, n.step, r.priority, 'PENDING'
        from pgflow.runs r
        join pgflow.steps n on n.workflow_id = p_to
        left join pgflow.tasks o on o.run_id = p_run_id and o.step = n.step and o.item = 0
        where r.run_id = p_run_id
          and (o.state is null or o.state = 'CANCELLED')
        on conflict (run_id, step, item) do update
        set state = 'PENDING',
            generation = t.generation + 1,
            attempts = 0,
            losses = 0,
            releases = 0,
            error = null,
            events = t.events + 1
        returning t.step, t.events, t.fence, t.generation
    )
    insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt)
    select p_run_id, p_now, 0, k.events, k.fence, k.step, 67, k.generation, 0
    from taken k;
end;
$$;

-- _take_deadlines: steps on their way have the deadlines that the new version gives them, counted from now where they had none. The
-- deadline of the run itself stays.

create or replace function pgflow._take_deadlines(
    p_run_id  uuid,
    p_to      bigint,
    p_now     timestamptz
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
    delete from pgflow.deadlines d
    where d.run_id = p_run_id
      and d.step > 0
      and not exists (
          select
          from pgflow.steps n
          where n.workflow_id = p_to
            and n.step = d.step
            and n.deadline is not null);

    perform pgflow._set_step_deadlines(array[t.run_id], array[t.step], p_now)
    from pgflow.steps n
    join pgflow.tasks t on t.run_id = p_run_id and t.step = n.step and t.item = 0
    left join pgflow.deadlines d on d.run_id = t.run_id and d.step = t.step
    where n.workflow_id = p_to
      and n.deadline is not null
      and t.state in ('SCHEDULED', 'RETRYING')
      and d.run_id is null;
end;
$$;
