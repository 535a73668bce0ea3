-- _decide_steps: what becomes of steps that wait for nothing and are not simply scheduled. Their condition holds, or they have none: they are
-- scheduled, open as maps, start a run, or begin to wait. It does not: they are skipped, alone or with all that come after them, or they fail.
--
-- The caller locked the runs and the tasks. Returns the steps that it skipped, whose dependents are still to be resolved together
-- with those of other steps that ended (p_ended_...), and whether settle_steps has more to do.
-- Locks: before it skips any, in one pass in order, all tasks that the caller is going to touch.

create or replace function pgflow._decide_steps(
    p_run_ids        uuid[],
    p_steps          smallint[],
    p_ended_run_ids  uuid[],
    p_ended_steps    smallint[],
    p_now            timestamptz,
    out run_ids       uuid[],
    out steps         smallint[],
    out items         int[],
    out workflow_ids  bigint[],
    out woken_queues  text[],
    out left_over     boolean,
    out due_at        timestamptz
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_decided record;
    v_opened record;
begin
    left_over := false;
    with waiting as materialized ( -- or each condition would be decided once for each column below
        select t.run_id, t.step, t.workflow_id, s.is_map, s.kind = 'workflow' and not s.is_map as starts,
               s.kind not in ('work', 'workflow') as waits, s.otherwise,
               s.deadline is not null as timed,
               s.condition is null or pgflow._holds(s.condition, t.run_id, t.workflow_id) as holds
        from unnest(p_run_ids, p_steps) w (run_id, step)
        join pgflow.tasks t on t.run_id = w.run_id and t.step = w.step and t.item = 0
        join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
        where t.state = 'PENDING'
          and t.remaining = 0
    )
    select array_agg(w.run_id) filter (where w.holds and not w.is_map and not w.starts and not w.waits) as plain_runs,
           array_agg(w.step) filter (where w.holds and not w.is_map and not w.starts and not w.waits) as plain_steps,
           array_agg(0) filter (where w.holds and not w.is_map and not w.starts and not w.waits) as plain_items,
           array_agg(w.run_id) filter (where w.holds and w.is_map) as map_runs,
           array_agg(w.step) filter (where w.holds and w.is_map) as map_steps,
           array_agg(w.run_id) filter (where w.holds and w.starts) as start_runs,
           array_agg(w.step) filter (where w.holds and w.starts) as start_steps,
           array_agg(0) filter (where w.holds and w.starts) as start_items,
           array_agg(w.run_id) filter (where w.holds and w.timed) as timed_runs,
           array_agg(w.step) filter (where w.holds and w.timed) as timed_steps,
           array_agg(w.run_id) filter (where w.holds and w.waits) as wait_runs,
           array_agg(w.step) filter (where w.holds and w.waits) as wait_steps,
           array_agg(w.run_id) filter (where not w.holds and w.otherwise = 'fail') as failing_runs,
           array_agg(w.step) filter (where not w.holds and w.otherwise = 'fail') as failing_steps,
           array_agg(w.run_id) filter (where not w.holds and w.otherwise = 'skipBranch') as branch_runs,
           array_agg(w.step) filter (where not w.holds and w.otherwise = 'skipBranch') as branch_steps,
           array_agg(w.run_id) filter (where not w.holds and w.otherwise <> 'fail') as skipped_runs,
           array_agg(w.step) filter (where not w.holds and w.otherwise <> 'fail') as skipped_steps,
           array_agg(0) filter (where not w.holds and w.otherwise <> 'fail') as skipped_items,
           array_agg(w.workflow_id) filter (where not w.holds and w.otherwise <> 'fail') as skipped_workflow_ids
    into v_decided
    from waiting w;

    if v_decided.plain_runs is not null then
        woken_queues := pgflow._schedule(
            v_decided.plain_runs, v_decided.plain_steps, v_decided.plain_items, 3::smallint, p_now);
    end if;
    if v_decided.map_runs is not null then
        woken_queues := woken_queues || pgflow._open_maps(v_decided.map_runs, v_decided.map_steps, p_now);
        left_over := true;
    end if;
    if v_decided.start_runs is not null then
        select *
        into v_opened
        from pgflow._open_sub_runs(
            v_decided.start_runs, v_decided.start_steps, v_decided.start_items, 3::smallint, p_now);
        woken_queues := woken_queues || v_opened.woken_queues;
        left_over := left_over or v_opened.to_settle;
    end if;
    if v_decided.timed_runs is not null then
        perform pgflow._set_step_deadlines(v_decided.timed_runs, v_decided.timed_steps, p_now);
    end if;
    if v_decided.wait_runs is not null then
        select w.due_at, left_over or w.to_settle
        into due_at, left_over
        from pgflow._open_waits(v_decided.wait_runs, v_decided.wait_steps, p_now) w;
    end if;
    if v_decided.failing_runs is not null then
        perform pgflow._open_in_vain(v_decided.failing_runs, v_decided.failing_steps, p_now);
        left_over := true;
    end if;
    if v_decided.skipped_runs is not null then
        perform pgflow._lock_following(
            p_ended_run_ids || v_decided.skipped_runs, p_ended_steps || v_decided.skipped_steps,
            v_decided.branch_runs, v_decided.branch_steps);
        perform pgflow._skip_waiting(v_decided.skipped_runs, v_decided.skipped_steps, 20::smallint, p_now);
        run_ids := v_decided.skipped_runs;
        steps := v_decided.skipped_steps;
        items := v_decided.skipped_items;
        workflow_ids := v_decided.skipped_workflow_ids;
    end if;
    if v_decided.branch_runs is not null then
        perform pgflow._skip_branches(v_decided.branch_runs, v_decided.branch_steps, p_now);
    end if;
end;
$$;

-- _open_in_vain: steps whose condition does not hold, and which fail then. They fail as maps do that cannot open.

create or replace function pgflow._open_in_vain(
    p_run_ids  uuid[],
    p_steps    smallint[],
    p_now      timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
begin
    perform pgflow._open_deferred(f.run_id, f.step, 'condition', 0, p_now)
    from unnest(p_run_ids, p_steps) f (run_id, step);

    insert into pgflow.unsettled_steps (run_id, step, ended, error)
    select f.run_id, f.step, 0, pg_catalog.jsonb_build_object(
        'code', 'PGF-RUN-012',
        'message', 'the condition of the step does not hold; look at the values it reads, or let the step be skipped then')
    from unnest(p_run_ids, p_steps) f (run_id, step);
end;
$$;

-- _skip_waiting: PENDING steps become SKIPPED, by the transition given (20 skip_unmet, 21 skip_branch).

create or replace function pgflow._skip_waiting(
    p_run_ids     uuid[],
    p_steps       smallint[],
    p_transition  smallint,
    p_now         timestamptz
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
    with waiting as (
        select t.run_id, t.step
        from (select k.run_id, k.step from unnest(p_run_ids, p_steps) k (run_id, step) order by k.run_id, k.step) k
        join pgflow.tasks t on t.run_id = k.run_id and t.step = k.step and t.item = 0
        where t.state = 'PENDING'
        for no key update of t
    ),
    skipped as (
        update pgflow.tasks t
        set state = 'SKIPPED',
            events = t.events + 1
        from waiting w
        where t.run_id = w.run_id
          and t.step = w.step
          and t.item = 0
        returning t.run_id, t.step, t.events, t.fence, t.generation, t.attempts
    )
    insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt)
    select s.run_id, p_now, 0, s.events, s.fence, s.step, p_transition, s.generation, s.attempts
    from skipped s;
end;
$$;

-- _branches: steps, and whatever comes after them, near or far.

create or replace function pgflow._branches(
    p_run_ids  uuid[],
    p_steps    smallint[]
)
returns table (run_id uuid, step smallint)
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
    with recursive branch as (
        select b.run_id, r.workflow_id, b.step
        from unnest(p_run_ids, p_steps) b (run_id, step)
        join pgflow.runs r on r.run_id = b.run_id
        union
        select b.run_id, b.workflow_id, d.step
        from branch b
        join pgflow.steps s on s.workflow_id = b.workflow_id and s.step = b.step
        cross join unnest(s.dependents) d (step)
    )
    select b.run_id, b.step
    from branch b;
end;
$$;

-- _lock_following: locks, in one pass in order, the dependents of steps that end and the branches that are skipped. In two
-- passes they would meet a report that locks the same dependents in one.

create or replace function pgflow._lock_following(
    p_run_ids         uuid[],
    p_steps           smallint[],
    p_branch_run_ids  uuid[],
    p_branch_steps    smallint[]
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
    from (
        select f.run_id, f.step
        from (
            select e.run_id, d.step
            from unnest(p_run_ids, p_steps) e (run_id, step)
            join pgflow.runs r on r.run_id = e.run_id
            join pgflow.steps s on s.workflow_id = r.workflow_id and s.step = e.step
            cross join unnest(s.dependents) d (step)
            union
            select b.run_id, b.step
            from pgflow._branches(p_branch_run_ids, p_branch_steps) b) f
        order by f.run_id, f.step) f
    join pgflow.tasks t on t.run_id = f.run_id and t.step = f.step and t.item = 0
    for no key update of t;
end;
$$;

-- _skip_branches: whatever comes after steps that were skipped with all that come after them. Such a step is SKIPPED at once, and
-- its end is counted when the last of its parents has ended, as for every step skipped while it waits. The caller locked them.

create or replace function pgflow._skip_branches(
    p_run_ids  uuid[],
    p_steps    smallint[],
    p_now      timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_branch record;
begin
    select array_agg(b.run_id) as run_ids, array_agg(b.step) as steps
    into v_branch
    from pgflow._branches(p_run_ids, p_steps) b;
    perform pgflow._skip_waiting(v_branch.run_ids, v_branch.steps, 21::smallint, p_now);
end;
$$;
