-- fail_tasks: a worker reports that handlers failed.
--
-- With attempts left, and an error that may be tried again, the task goes to RETRYING and comes back after
-- its delay (at least p_retry_afters, where given); else its step says what happens: it is FAILED, its run with it, and what
-- the run had left is cancelled; or it is skipped, or a fallback stands in for its output. An item of a map that collects
-- is FAILED and nothing else ends. next_due_in tells when the first of these retries is due.
-- Stale reports are answered and kept as in complete_tasks.
-- Locks: the runs, then the tasks that it may touch, each in order; then the queues.

create or replace function pgflow.fail_tasks(
    p_worker_id     bigint,
    p_run_ids       uuid[],
    p_steps         smallint[],
    p_items         int[],
    p_fences        int[],
    p_errors        jsonb[],
    p_retryable     boolean[],
    p_retry_afters  interval[],
    out stale          int[],
    out ended_run_ids  uuid[],
    out woken_queues   text[],
    out to_settle   boolean,
    out next_due_in    interval
)
language plpgsql
set search_path = ''
as $$
declare
    v_applied int[];
begin
    select s.applied, s.ended_run_ids, s.woken_queues, s.to_settle, s.next_due_in
    into v_applied, ended_run_ids, woken_queues, to_settle, next_due_in
    from pgflow._end_attempts(
        p_worker_id, 'failed', p_run_ids, p_steps, p_items, p_fences, p_errors, p_retryable, p_retry_afters) s;

    if coalesce(pg_catalog.cardinality(v_applied), 0) < pg_catalog.cardinality(p_run_ids) then
        stale := pgflow._stale_reports(
            p_worker_id, p_run_ids, p_steps, p_items, p_fences, 'fail', '{7,11,22,23}', v_applied, pgflow.clock());
    end if;
end;
$$;

-- release_tasks: a worker that stops hands back tasks it holds; they are scheduled again at once and the
-- attempt does not count. Reports with an old fence change nothing.

create or replace function pgflow.release_tasks(
    p_worker_id  bigint,
    p_run_ids    uuid[],
    p_steps      smallint[],
    p_items      int[],
    p_fences     int[],
    out released      int,
    out woken_queues  text[]
)
language plpgsql
set search_path = ''
as $$
begin
    select coalesce(pg_catalog.cardinality(s.applied), 0), s.woken_queues
    into released, woken_queues
    from pgflow._end_attempts(
        p_worker_id, 'released', p_run_ids, p_steps, p_items, p_fences, null, null, null) s;
end;
$$;

-- _end_attempts: attempts ended without a result. Decides for each task what comes next.
--
-- p_how: failed (by its handler), lost (its worker), released (by its worker), refused (there is nothing to be tried).
-- Losses and releases do not use up attempts, but three losses end a task: it kills its workers.

create or replace function pgflow._end_attempts(
    p_worker_id     bigint,
    p_how           text,
    p_run_ids       uuid[],
    p_steps         smallint[],
    p_items         int[],
    p_fences        int[],
    p_errors        jsonb[],
    p_retryable     boolean[],
    p_retry_afters  interval[],
    out applied        int[],
    out ended_run_ids  uuid[],
    out woken_queues   text[],
    out to_settle   boolean,
    out next_due_in    interval
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_now timestamptz;
    v_ended record;
    v_follows record;
begin
    perform pgflow._lock_for_ending(p_how, p_run_ids, p_steps, p_items, p_fences, p_retryable);
    --@pp end_attempts-locked
    v_now := pgflow.clock();

    with report as (
        select r.run_id, r.step, r.item, r.fence, r.error, r.retryable, r.retry_after, r.n::int as n
        from unnest(p_run_ids, p_steps, p_items, p_fences, p_errors, p_retryable, p_retry_afters)
            with ordinality r (run_id, step, item, fence, error, retryable, retry_after, n)
        order by r.run_id, r.step, r.item
    ),
    ended as (
        update pgflow.tasks t
        set state = pgflow._state_after(
                p_how, r.retryable, t.attempts, t.losses, t.releases, s.max_attempts, s.on_failure),
            output = case pgflow._state_after(
                    p_how, r.retryable, t.attempts, t.losses, t.releases, s.max_attempts, s.on_failure)
                when 'SUCCEEDED' then s.fallback end,
            error = coalesce(r.error, t.error),
            losses = t.losses + case p_how when 'lost' then 1 else 0 end,
            releases = t.releases + case p_how when 'released' then 1 else 0 end,
            remaining = 0,
            worker_id = null,
            deferred = null,
            events = t.events + 1
        from report r,
             pgflow.steps s
        where t.run_id = r.run_id
          and t.step = r.step
          and t.item = r.item
          and t.fence = r.fence
          and t.state = 'RUNNING'
          and (t.deferred is null or p_worker_id is null) -- what a worker left to the outside is no longer the worker's
          and s.workflow_id = t.workflow_id
          and s.step = t.step
        returning r.n, r.error as reported_error, t.*,
                  t.state = 'FAILED' and not (s.collects and t.item > 0) as fails_run,
                  t.state in ('SUCCEEDED', 'SKIPPED') or t.state = 'FAILED' and s.collects and t.item > 0 as goes_on,
                  t.state = 'SKIPPED' and s.on_failure = 'skipBranch' and t.item = 0 as skips_branch,
                  case when p_how = 'failed' and t.state = 'RETRYING'
                       then v_now + greatest(
                           pgflow._retry_delay(
                               s.retry_delay, s.max_retry_delay, s.retry_jitter,
                               t.attempts - t.losses - t.releases, t.run_id, t.step, t.item),
                           coalesce(r.retry_after, '0'))
                  end as due_at
    ),
    audited as (
        insert into pgflow.audit (
            run_id, at, worker_id, output_hash, item, seq, fence, step, transition, generation, attempt, detail)
        select e.run_id, v_now, p_worker_id,
               case when e.state = 'SUCCEEDED' then pg_catalog.hashtextextended(e.output::text, 0) end,
               e.item, e.events, e.fence, e.step,
               pgflow._end_transition(p_how, e.state), e.generation, e.attempts,
               nullif(pg_catalog.jsonb_strip_nulls(
                   pg_catalog.jsonb_build_object('error', e.reported_error, 'due_at', e.due_at)), '{}')
        from ended e
    ),
    timed as (
        insert into pgflow.timers (run_id, step, item, due_at)
        select e.run_id, e.step, e.item, e.due_at
        from ended e
        where e.due_at is not null
        on conflict (run_id, step, item) do update -- a deferred task has one, for the end of its time
        set due_at = excluded.due_at
    )
    select array_agg(e.n) as ns,
           min(e.due_at) as due_at,
           array_agg(e.run_id) filter (where e.state = 'RETRYING' and e.due_at is null) as again_runs,
           array_agg(e.step) filter (where e.state = 'RETRYING' and e.due_at is null) as again_steps,
           array_agg(e.item) filter (where e.state = 'RETRYING' and e.due_at is null) as again_items,
           array_agg(e.run_id) filter (where e.fails_run) as failed_runs,
           array_agg(pg_catalog.jsonb_build_object('step', e.step, 'item', e.item, 'error', e.error))
               filter (where e.fails_run) as failures,
           array_agg(e.run_id) filter (where e.goes_on) as done_runs,
           array_agg(e.step) filter (where e.goes_on) as done_steps,
           array_agg(e.item) filter (where e.goes_on) as done_items,
           array_agg(e.workflow_id) filter (where e.goes_on) as done_workflow_ids,
           array_agg(e.run_id) filter (where e.skips_branch) as branch_runs,
           array_agg(e.step) filter (where e.skips_branch) as branch_steps
    into v_ended
    from ended e;

    applied := v_ended.ns;
    next_due_in := v_ended.due_at - v_now;
    to_settle := false;
    if v_ended.done_runs is not null then
        perform pgflow._note_ended_items(v_ended.done_runs, v_ended.done_steps, v_ended.done_items);
        to_settle := true;
    end if;
    if v_ended.failed_runs is not null then
        ended_run_ids := pgflow._end_runs(
            v_ended.failed_runs, 'FAILED', null, null, v_ended.failures, v_now);
        to_settle := to_settle or pgflow._any_undo_owed(ended_run_ids);
    end if;
    if v_ended.again_runs is not null then
        woken_queues := pgflow._reschedule_living(
            v_ended.again_runs, v_ended.again_steps, v_ended.again_items, v_now);
    end if;
    if v_ended.branch_runs is not null then
        perform pgflow._skip_branches(v_ended.branch_runs, v_ended.branch_steps, v_now);
    end if;
    if v_ended.done_runs is not null then
        select *
        into v_follows
        from pgflow._end_steps(
            v_ended.done_runs, v_ended.done_steps, v_ended.done_items, v_ended.done_workflow_ids, v_now);
        ended_run_ids := ended_run_ids || v_follows.ended_run_ids;
        woken_queues := woken_queues || v_follows.woken_queues;
    end if;
end;
$$;

-- _may_go_on: whether a task whose attempt ended without a result gets another one.

create or replace function pgflow._may_go_on(
    p_how           text,
    p_retryable     boolean,
    p_attempts      int,
    p_losses        int,
    p_releases      int,
    p_max_attempts  int
)
returns boolean
language sql
immutable
as $$
    select case p_how
        when 'released' then true
        when 'lost' then p_losses + 1 < 3
        else coalesce(p_retryable, true) and p_attempts - p_losses - p_releases < p_max_attempts
    end;
$$;

-- _state_after: what a task becomes whose attempt ended without a result.

create or replace function pgflow._state_after(
    p_how           text,
    p_retryable     boolean,
    p_attempts      int,
    p_losses        int,
    p_releases      int,
    p_max_attempts  int,
    p_on_failure    text
)
returns text
language sql
immutable
as $$
    select case
        when pgflow._may_go_on(p_how, p_retryable, p_attempts, p_losses, p_releases, p_max_attempts) then 'RETRYING'
        when p_how <> 'failed' or p_on_failure = 'fail' then 'FAILED'
        when p_on_failure = 'fallback' then 'SUCCEEDED'
        else 'SKIPPED'
    end;
$$;

-- _end_transition: which entry of pgflow.transitions an attempt's end is.

create or replace function pgflow._end_transition(
    p_how    text,
    p_state  text
)
returns smallint
language sql
immutable
as $$
    select case p_how
        when 'released' then 9
        when 'lost' then case p_state when 'FAILED' then 12 else 8 end
        else case p_state when 'FAILED' then 11 when 'SKIPPED' then 22 when 'SUCCEEDED' then 23 else 7 end
    end::smallint;
$$;

-- _retry_delay: min(base * 2^failures before this one, max), less a jitter that is the same each time it is
-- computed for the same attempt of the same task.

create or replace function pgflow._retry_delay(
    p_base      interval,
    p_max       interval,
    p_jitter    double precision,
    p_failures  int,
    p_run_id    uuid,
    p_step      int,
    p_item      int
)
returns interval
language sql
immutable
as $$
    select least(p_base * power(2, least(greatest(p_failures - 1, 0), 30)), p_max)
        * (1 - p_jitter * (pg_catalog.hashtextextended(
            p_run_id::text || ' ' || p_step || ' ' || p_item || ' ' || p_failures, 0) & 1023) / 1023.0);
$$;

-- _lock_for_ending: locks the runs that these reports may end, or let go on without a step, and then, in one pass in order, every task that
-- ending these attempts may touch: the reported ones that still run, all that are left of a run that is about to fail, and the step tasks of a run that
-- is about to go on without a step. Whether it will can be read before the locks: while a task is RUNNING under its fence, nobody else
-- changes what decides it.

create or replace function pgflow._lock_for_ending(
    p_how        text,
    p_run_ids    uuid[],
    p_steps      smallint[],
    p_items      int[],
    p_fences     int[],
    p_retryable  boolean[]
)
returns void
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_touched record;
begin
    select array_agg(distinct e.run_id) as run_ids,
           array_agg(distinct e.run_id) filter (where e.state = 'FAILED') as failing
    into v_touched
    from (
        select t.run_id,
               pgflow._state_after(
                   p_how, r.retryable, t.attempts, t.losses, t.releases, s.max_attempts, s.on_failure) as state
        from unnest(p_run_ids, p_steps, p_items, p_fences, p_retryable) r (run_id, step, item, fence, retryable)
        join pgflow.tasks t on t.run_id = r.run_id and t.step = r.step and t.item = r.item
        join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
        where t.fence = r.fence
          and t.state = 'RUNNING'
          and (t.item = 0 or not s.collects and (s.on_failure = 'fail' or p_how <> 'failed'))) e
    where e.state <> 'RETRYING';

    perform 1
    from (select f.run_id from unnest(v_touched.run_ids) f (run_id) order by f.run_id) f
    join pgflow.runs r on r.run_id = f.run_id
    for no key update of r;

    perform 1
    from (
        select a.run_id, a.step, a.item
        from (
            select t.run_id, t.step, t.item
            from unnest(v_touched.failing) f (run_id)
            join pgflow.tasks t on t.run_id = f.run_id
            where t.state in ('PENDING', 'SCHEDULED', 'RUNNING', 'RETRYING')
            union
            select t.run_id, t.step, t.item
            from unnest(v_touched.run_ids) f (run_id)
            join pgflow.runs r on r.run_id = f.run_id
            join pgflow.steps s on s.workflow_id = r.workflow_id
            cross join lateral (
                select a.run_id, a.step, a.item
                from pgflow.tasks a
                where a.run_id = r.run_id
                  and a.step = s.step
                  and a.item = 0
                  and (a.state in ('PENDING', 'SCHEDULED', 'RUNNING', 'RETRYING')
                       or a.state in ('SKIPPED', 'SUCCEEDED') and a.remaining > 0)
                offset 0) t -- by key, for each of the few
            union
            select t.run_id, t.step, t.item
            from unnest(p_run_ids, p_steps, p_items, p_fences) r (run_id, step, item, fence)
            join pgflow.tasks t on t.run_id = r.run_id and t.step = r.step and t.item = r.item
            where t.fence = r.fence
              and t.state = 'RUNNING' -- of others a whole run may be at work, that locks only what has not ended
        ) a
        order by a.run_id, a.step, a.item) a
    join pgflow.tasks t on t.run_id = a.run_id and t.step = a.step and t.item = a.item
    for no key update of t;
end;
$$;

-- _reschedule_living: RETRYING tasks go back to SCHEDULED at once, but for those whose run has just ended.

create or replace function pgflow._reschedule_living(
    p_run_ids  uuid[],
    p_steps    smallint[],
    p_items    int[],
    p_now      timestamptz
)
returns text[]
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_run_ids uuid[];
    v_steps smallint[];
    v_items int[];
begin
    select array_agg(t.run_id), array_agg(t.step), array_agg(t.item)
    into v_run_ids, v_steps, v_items
    from unnest(p_run_ids, p_steps, p_items) r (run_id, step, item)
    join pgflow.tasks t on t.run_id = r.run_id and t.step = r.step and t.item = r.item
    where t.state = 'RETRYING';
    if v_run_ids is null then
        return null;
    end if;
    return pgflow._schedule(v_run_ids, v_steps, v_items, 10::smallint, p_now);
end;
$$;
