-- issue_tokens: an attempt that is about to hand its task to the outside gets a token for it, which may be used at once.
--
-- The token is a text that cannot be guessed; it names the task and its fence, so that a later attempt makes it stale. A
-- repeated call gives another token and makes the one before void: its answer was lost, nobody has it. Null for a task that
-- is no longer the attempt's.
-- p_withins: how long after the handler has returned (defer_tasks) an answer must have come. p_silences: how long the outside
-- may say nothing (heartbeat_deferred), null for as long as it likes.
-- Locks: only rows of its own.

create or replace function pgflow.issue_tokens(
    p_run_ids   uuid[],
    p_steps     smallint[],
    p_items     int[],
    p_fences    int[],
    p_withins   interval[],
    p_silences  interval[]
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
    v_tokens text[];
begin
    select array_agg(
               case when t.run_id is not null then pg_catalog.concat_ws(
                   '_', 'pgf', pg_catalog.replace(r.run_id::text, '-', ''), r.step, r.item, r.fence,
                   pg_catalog.replace(pg_catalog.gen_random_uuid()::text, '-', '')) end
               order by r.n)
    into v_tokens
    from unnest(p_run_ids, p_steps, p_items, p_fences) with ordinality r (run_id, step, item, fence, n)
    left join pgflow.tasks t
        on t.run_id = r.run_id
       and t.step = r.step
       and t.item = r.item
       and t.fence = r.fence
       and t.state = 'RUNNING'
       and t.deferred is null; -- the token of a deferred task is out

    insert into pgflow.deferrals (run_id, step, item, fence, within, silence, token_hash, heard_at)
    select r.run_id, r.step, r.item, r.fence, r.within, r.silence, pgflow._token_hash(r.token), pgflow.clock()
    from unnest(p_run_ids, p_steps, p_items, p_fences, p_withins, p_silences, v_tokens)
        r (run_id, step, item, fence, within, silence, token)
    where r.token is not null
    order by r.run_id, r.step, r.item
    on conflict (run_id, step, item, fence) do update
    set within = excluded.within,
        silence = excluded.silence,
        token_hash = excluded.token_hash;
    return v_tokens;
end;
$$;

create or replace function pgflow._token_hash(
    p_token  text
)
returns bytea
language sql
immutable
as $$
    select pg_catalog.sha256(pg_catalog.convert_to(p_token, 'UTF8'));
$$;

-- defer_tasks: the handler has returned and given its token away. The task stays RUNNING, without a worker, until an answer
-- comes or its time is over. One whose answer has come already is left as it is: the report is stale then, or repeated.
--
-- next_due_in tells when the first of them is out of time.
-- Locks: the reported tasks, then what stands for their tokens, each in order.

create or replace function pgflow.defer_tasks(
    p_worker_id  bigint,
    p_run_ids    uuid[],
    p_steps      smallint[],
    p_items      int[],
    p_fences     int[],
    out stale        int[],
    out next_due_in  interval
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
    v_deferred record;
begin
    perform 1
    from (
        select r.run_id, r.step, r.item, r.fence
        from unnest(p_run_ids, p_steps, p_items, p_fences) r (run_id, step, item, fence)
        order by r.run_id, r.step, r.item) r
    join pgflow.tasks t on t.run_id = r.run_id and t.step = r.step and t.item = r.item
    where t.fence = r.fence
      and t.state = 'RUNNING' -- who removes a run that has ended takes its tokens before its tasks
    for no key update of t;
    perform 1 -- who holds a token may say at once that it is at it
    from (
        select r.run_id, r.step, r.item, r.fence
        from unnest(p_run_ids, p_steps, p_items, p_fences) r (run_id, step, item, fence)
        order by r.run_id, r.step, r.item, r.fence) r
    join pgflow.deferrals d on d.run_id = r.run_id and d.step = r.step and d.item = r.item and d.fence = r.fence
    for no key update of d;

    --@pp defer_tasks-locked
    v_now := pgflow.clock();
    with deferred as (
        update pgflow.tasks t
        set deferred = 'token',
            remaining = 1,
            worker_id = null,
            events = t.events + 1
        from unnest(p_run_ids, p_steps, p_items, p_fences) with ordinality r (run_id, step, item, fence, n),
             pgflow.deferrals d
        where t.run_id = r.run_id
          and t.step = r.step
          and t.item = r.item
          and t.fence = r.fence
          and t.state = 'RUNNING'
          and t.deferred is null
          and d.run_id = r.run_id
          and d.step = r.step
          and d.item = r.item
          and d.fence = r.fence
        returning r.n::int as n, t.run_id, t.step, t.item, t.fence, t.events, t.generation, t.attempts,
                  v_now + least(d.within, d.silence) as due_at
    ),
    audited as (
        insert into pgflow.audit (run_id, at, worker_id, item, seq, fence, step, transition, generation, attempt)
        select d.run_id, v_now, p_worker_id, d.item, d.events, d.fence, d.step, 30, d.generation, d.attempts
        from deferred d
    ),
    begun as (
        update pgflow.deferrals d
        set deferred_at = v_now,
            heard_at = v_now
        from deferred t
        where d.run_id = t.run_id
          and d.step = t.step
          and d.item = t.item
          and d.fence = t.fence
    ),
    timed as (
        insert into pgflow.timers (run_id, step, item, due_at)
        select d.run_id, d.step, d.item, d.due_at
        from deferred d
    )
    select array_agg(d.n) as ns, min(d.due_at) as due_at
    into v_deferred
    from deferred d;

    next_due_in := v_deferred.due_at - v_now;
    if coalesce(pg_catalog.cardinality(v_deferred.ns), 0) < pg_catalog.cardinality(p_run_ids) then
        stale := pgflow._stale_reports(
            p_worker_id, p_run_ids, p_steps, p_items, p_fences, 'defer', '{30}', v_deferred.ns, v_now);
    end if;
end;
$$;

-- complete_deferred: the outside answers with the outputs of tasks that it has tokens of. What follows is what follows from
-- complete_tasks.
--
-- It may come before the handler has returned: the token is good as long as the attempt is the task's. Outcomes, parallel to the
-- tokens: applied; repeated, for an answer whose first sending had applied; stale, when the attempt is over (kept in
-- stale_reports); unknown, for what is no token. When to_settle is true, call settle_steps in a transaction of its own; upkeep
-- does it otherwise. With p_notify, workers hear of it when the transaction commits.
-- Locks: runs that may end, the tasks, their dependents, each in order.

create or replace function pgflow.complete_deferred(
    p_tokens   text[],
    p_outputs  jsonb[],
    p_notify   boolean default true,
    out outcomes       text[],
    out ended_run_ids  uuid[],
    out woken_queues   text[],
    out to_settle      boolean
)
language plpgsql
set search_path = ''
as $$
declare
    v_known record;
    v_done record;
begin
    select *
    into v_known
    from pgflow._read_tokens(p_tokens);

    select *
    into v_done
    from pgflow._complete_deferred(
        v_known.run_ids, v_known.steps, v_known.items, v_known.fences,
        array(select p_outputs[p.position] from unnest(v_known.positions) with ordinality p (position, n) order by p.n));
    ended_run_ids := v_done.ended_run_ids;
    woken_queues := v_done.woken_queues;
    to_settle := v_done.to_settle;

    outcomes := pgflow._outcomes(p_tokens, v_known, 'complete_deferred', '{6}', v_done.applied, pgflow.clock());
    if p_notify then
        perform pgflow._tell(woken_queues, v_done.applied is not null);
    end if;
end;
$$;

-- fail_deferred: the outside says that it could not do it: the attempt has failed, and what follows is what follows from
-- fail_tasks. An error is JSON, best an object with `code` and `message`; an attempt that is not retryable is the last one.
--
-- Outcomes, to_settle and p_notify as in complete_deferred; p_retryable may hold nulls, or be null (it is).
-- Locks: as in fail_tasks.

create or replace function pgflow.fail_deferred(
    p_tokens     text[],
    p_errors     jsonb[],
    p_retryable  boolean[] default null,
    p_notify     boolean default true,
    out outcomes       text[],
    out ended_run_ids  uuid[],
    out woken_queues   text[],
    out to_settle      boolean,
    out next_due_in    interval
)
language plpgsql
set search_path = ''
as $$
declare
    v_known record;
    v_failed record;
begin
    select *
    into v_known
    from pgflow._read_tokens(p_tokens);

    select *
    into v_failed
    from pgflow._end_deferred(
        v_known.run_ids, v_known.steps, v_known.items, v_known.fences,
        array(select p_errors[p.position] from unnest(v_known.positions) with ordinality p (position, n) order by p.n),
        array(select p_retryable[p.position] from unnest(v_known.positions) with ordinality p (position, n) order by p.n));
    ended_run_ids := v_failed.ended_run_ids;
    woken_queues := v_failed.woken_queues;
    to_settle := v_failed.to_settle;
    next_due_in := v_failed.next_due_in;

    outcomes := pgflow._outcomes(p_tokens, v_known, 'fail_deferred', '{7,11,22,23}', v_failed.applied, pgflow.clock());
    if p_notify then
        perform pgflow._tell(woken_queues, v_failed.applied is not null);
    end if;
end;
$$;

-- heartbeat_deferred: the outside says that it is at it, and how far it has come: JSON of its own choice, kept until it says more, which
-- shows in run_tasks. The silence of the deferral begins anew.
--
-- Outcomes: applied; stale, when nobody waits for it any more and it should stop; unknown.
-- Locks: only rows of its own, in order. The timer stays as it is: when it fires, it finds out that there is more time.

create or replace function pgflow.heartbeat_deferred(
    p_tokens    text[],
    p_progress  jsonb[] default null
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
    v_known record;
    v_now timestamptz;
    v_wanted int[];
    v_outcomes text[] := pg_catalog.array_fill('unknown'::text, array[pg_catalog.cardinality(p_tokens)]);
begin
    select *
    into v_known
    from pgflow._read_tokens(p_tokens);
    perform 1
    from (
        select k.*
        from unnest(v_known.run_ids, v_known.steps, v_known.items, v_known.fences) k (run_id, step, item, fence)
        order by k.run_id, k.step, k.item, k.fence) k
    join pgflow.deferrals d on d.run_id = k.run_id and d.step = k.step and d.item = k.item and d.fence = k.fence
    for no key update of d;
    v_now := pgflow.clock();

    with heard as (
        update pgflow.deferrals d
        set heard_at = v_now,
            progress = coalesce(p_progress[k.position], d.progress)
        from unnest(v_known.run_ids, v_known.steps, v_known.items, v_known.fences, v_known.positions)
                 k (run_id, step, item, fence, position),
             pgflow.tasks t
        where d.run_id = k.run_id
          and d.step = k.step
          and d.item = k.item
          and d.fence = k.fence
          and t.run_id = k.run_id
          and t.step = k.step
          and t.item = k.item
          and t.fence = k.fence
          and t.state = 'RUNNING'
        returning k.position
    )
    select array_agg(h.position)
    into v_wanted
    from heard h;

    for i in 1 .. coalesce(pg_catalog.cardinality(v_known.positions), 0) loop
        v_outcomes[v_known.positions[i]] := case when v_known.positions[i] = any (v_wanted) then 'applied' else 'stale' end;
    end loop;
    return v_outcomes;
end;
$$;

-- _read_tokens: which tasks tokens name, and where among the tokens each stood. What is no token, or none of ours, is left out.

create or replace function pgflow._read_tokens(
    p_tokens  text[],
    out run_ids    uuid[],
    out steps      smallint[],
    out items      int[],
    out fences     int[],
    out positions  int[]
)
language plpgsql
stable
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
    with token as materialized (
        select t.token, t.n::int as n, pg_catalog.regexp_match(
                   t.token, '^pgf_([0-9a-f]{32})_([0-9]{1,4})_([0-9]{1,6})_([0-9]{1,9})_[0-9a-f]{32}$') as part
        from unnest(p_tokens) with ordinality t (token, n)
    )
    select array_agg(d.run_id order by t.n), array_agg(d.step order by t.n), array_agg(d.item order by t.n),
           array_agg(d.fence order by t.n), array_agg(t.n order by t.n)
    into run_ids, steps, items, fences, positions
    from token t
    join pgflow.deferrals d
        on d.run_id = t.part[1]::uuid
       and d.step = t.part[2]::smallint
       and d.item = t.part[3]::int
       and d.fence = t.part[4]::int
    where d.token_hash = pgflow._token_hash(t.token);
end;
$$;

-- _outcomes: what became of answers, parallel to their tokens. p_applied are positions among the known ones.

create or replace function pgflow._outcomes(
    p_tokens   text[],
    p_known    record,
    p_report   text,
    p_moves    smallint[],
    p_applied  int[],
    p_now      timestamptz
)
returns text[]
language plpgsql
set search_path = ''
as $$
declare
    v_outcomes text[] := pg_catalog.array_fill('unknown'::text, array[pg_catalog.cardinality(p_tokens)]);
    v_known int := coalesce(pg_catalog.cardinality(p_known.positions), 0);
    v_stale int[];
begin
    if coalesce(pg_catalog.cardinality(p_applied), 0) < v_known then
        v_stale := pgflow._stale_reports(
            null, p_known.run_ids, p_known.steps, p_known.items, p_known.fences, p_report, p_moves, p_applied, p_now);
    end if;
    for i in 1 .. v_known loop
        v_outcomes[p_known.positions[i]] := case
            when i = any (p_applied) then 'applied' when i = any (v_stale) then 'stale' else 'repeated' end;
    end loop;
    return v_outcomes;
end;
$$;

-- _complete_deferred: attempts of deferred tasks succeeded, or of tasks that are about to be deferred. Returns the positions of those that
-- were still the task's.
--
-- Locks: runs that may end, the tasks, their dependents, each in order.

create or replace function pgflow._complete_deferred(
    p_run_ids  uuid[],
    p_steps    smallint[],
    p_items    int[],
    p_fences   int[],
    p_outputs  jsonb[],
    out applied        int[],
    out ended_run_ids  uuid[],
    out woken_queues   text[],
    out to_settle      boolean
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
    v_done record;
begin
    perform pgflow._lock_runs_that_may_end(p_run_ids, p_steps, p_items);
    --@pp complete_deferred-runs-locked
    v_now := pgflow.clock();

    with report as (
        select r.run_id, r.step, r.item, r.fence, r.output, r.n::int as n
        from unnest(p_run_ids, p_steps, p_items, p_fences, p_outputs)
            with ordinality r (run_id, step, item, fence, output, n)
        order by r.run_id, r.step, r.item
    ),
    completed as (
        update pgflow.tasks t
        set state = 'SUCCEEDED',
            output = coalesce(r.output, 'null'),
            error = null,
            remaining = 0,
            worker_id = null,
            deferred = null,
            events = t.events + 1
        from report r
        where t.run_id = r.run_id
          and t.step = r.step
          and t.item = r.item
          and t.fence = r.fence
          and t.state = 'RUNNING'
        returning r.n, t.run_id, t.workflow_id, t.step, t.item, t.fence, t.events, t.generation, t.attempts,
                  pg_catalog.hashtextextended(t.output::text, 0) as output_hash
    )
    select array_agg(c.n) as ns,
           array_agg(c.run_id) as run_ids,
           array_agg(c.step) as steps,
           array_agg(c.item) as items,
           array_agg(c.workflow_id) as workflow_ids,
           array_agg(c.fence) as fences,
           array_agg(c.events) as seqs,
           array_agg(c.generation) as generations,
           array_agg(c.attempts) as attempts,
           array_agg(c.output_hash) as output_hashes,
           coalesce(bool_or(c.item > 0), false) as any_item,
           bool_or(c.item = 0 and s.dependents = '{}') as any_sink,
           bool_or(c.item = 0 and s.dependents <> '{}') as any_parent
    into v_done
    from completed c
    join pgflow.steps s on s.workflow_id = c.workflow_id and s.step = c.step;

    applied := v_done.ns;
    to_settle := v_done.any_item;
    if applied is null then
        return;
    end if;
    ended_run_ids := pgflow._audit_completed(v_done, null, v_now);
    if v_done.any_item then
        perform pgflow._note_ended_items(v_done.run_ids, v_done.steps, v_done.items);
    end if;
    if v_done.any_parent then
        select d.woken_queues, d.to_settle or v_done.any_item
        into woken_queues, to_settle
        from pgflow._resolve_dependents(v_done.run_ids, v_done.steps, v_done.items, v_done.workflow_ids, v_now) d;
    end if;
    perform pgflow._stop_timers(v_done.run_ids, v_done.steps, v_done.items);
    woken_queues := pgflow._with_gate(woken_queues);
end;
$$;

-- _end_deferred: attempts of deferred tasks failed. A task that is tried again has its timer from now on for that; of the others
-- it is taken away.

create or replace function pgflow._end_deferred(
    p_run_ids    uuid[],
    p_steps      smallint[],
    p_items      int[],
    p_fences     int[],
    p_errors     jsonb[],
    p_retryable  boolean[],
    out applied        int[],
    out ended_run_ids  uuid[],
    out woken_queues   text[],
    out to_settle      boolean,
    out next_due_in    interval
)
language plpgsql
set search_path = ''
as $$
begin
    select e.applied, e.ended_run_ids, e.woken_queues, e.to_settle, e.next_due_in
    into applied, ended_run_ids, woken_queues, to_settle, next_due_in
    from pgflow._end_attempts(
        null, 'failed', p_run_ids, p_steps, p_items, p_fences, p_errors, p_retryable, null) e;
    perform pgflow._stop_timers(
        array(select p_run_ids[a.n] from unnest(applied) with ordinality a (n, o) order by a.o),
        array(select p_steps[a.n] from unnest(applied) with ordinality a (n, o) order by a.o),
        array(select p_items[a.n] from unnest(applied) with ordinality a (n, o) order by a.o));
    if applied is not null then
        woken_queues := pgflow._with_gate(woken_queues);
    end if;
end;
$$;

-- _with_gate: the queues with the word for the gate, if something waits there: what has ended may have made room.

create or replace function pgflow._with_gate(
    p_queues  text[]
)
returns text[]
language sql
stable
as $$
    select case when exists (select from pgflow.gated_tasks) then coalesce(p_queues, '{}') || '$gate'::text else p_queues end;
$$;

-- _stop_timers: the timers of tasks that are not to be tried again. The caller holds the locks of the tasks.

create or replace function pgflow._stop_timers(
    p_run_ids  uuid[],
    p_steps    smallint[],
    p_items    int[]
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
    delete from pgflow.timers d
    using unnest(p_run_ids, p_steps, p_items) r (run_id, step, item),
          pgflow.tasks t
    where d.run_id = r.run_id
      and d.step = r.step
      and d.item = r.item
      and t.run_id = r.run_id
      and t.step = r.step
      and t.item = r.item
      and t.state <> 'RETRYING';
end;
$$;

-- _tell: hints for workers and for those who follow events, sent when the transaction commits.

create or replace function pgflow._tell(
    p_queues    text[],
    p_happened  boolean
)
returns void
language plpgsql
set search_path = ''
as $$
begin
    perform pg_catalog.pg_notify('pgflow_tasks', q.queue)
    from (select distinct u.queue from unnest(p_queues) u (queue)) q;
    if p_happened then
        perform pg_catalog.pg_notify('pgflow_events', '');
    end if;
end;
$$;

-- _expire_deferred: deferred tasks whose time is over, or from which nothing was heard for too long: the attempt has failed. Of those
-- from which something was heard meanwhile, the timer is set to when their time is over next. Returns how many failed.
--
-- For fire_timers, before it has any lock: ending attempts may end runs, which come first. Whether something was heard is read
-- before the locks; a heartbeat in between comes after the end of its time all the same.
-- Locks: as in fail_tasks; then timers, skipping the locked ones.

create or replace function pgflow._expire_deferred(
    p_limit  int,
    p_now    timestamptz,
    out expired        int,
    out ended_run_ids  uuid[],
    out woken_queues   text[],
    out to_settle      boolean
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_due record;
    v_failed record;
begin
    expired := 0;
    to_settle := false;
    select array_agg(o.run_id) filter (where o.over_at <= p_now) as run_ids,
           array_agg(o.step) filter (where o.over_at <= p_now) as steps,
           array_agg(o.item) filter (where o.over_at <= p_now) as items,
           array_agg(o.fence) filter (where o.over_at <= p_now) as fences,
           array_agg(pgflow._silence_error(o.within, o.silence, o.deferred_at + o.within <= p_now))
               filter (where o.over_at <= p_now) as errors,
           array_agg(o.run_id) filter (where o.over_at > p_now) as later_runs,
           array_agg(o.step) filter (where o.over_at > p_now) as later_steps,
           array_agg(o.item) filter (where o.over_at > p_now) as later_items,
           array_agg(o.over_at) filter (where o.over_at > p_now) as later_times
    into v_due
    from (
        select t.run_id, t.step, t.item, t.fence, d.within, d.silence, d.deferred_at,
               least(d.deferred_at + d.within, d.heard_at + d.silence) as over_at
        from (
            select r.run_id, r.step, r.item
            from pgflow.timers r
            where r.due_at <= p_now
              and r.step > 0
            order by r.due_at
            limit p_limit) r
        cross join lateral (
            select a.run_id, a.step, a.item, a.fence
            from pgflow.tasks a
            where a.run_id = r.run_id
              and a.step = r.step
              and a.item = r.item
              and a.deferred = 'token'
            offset 0) t -- by key, for each of the few
        join pgflow.deferrals d on d.run_id = t.run_id and d.step = t.step and d.item = t.item and d.fence = t.fence) o;

    if v_due.run_ids is not null then
        select *
        into v_failed
        from pgflow._end_deferred(v_due.run_ids, v_due.steps, v_due.items, v_due.fences, v_due.errors, null);
        expired := coalesce(pg_catalog.cardinality(v_failed.applied), 0);
        ended_run_ids := v_failed.ended_run_ids;
        woken_queues := v_failed.woken_queues;
        to_settle := v_failed.to_settle;
    end if;
    if v_due.later_runs is not null then
        update pgflow.timers d
        set due_at = l.due_at
        from (
            select r.run_id, r.step, r.item, l.due_at
            from unnest(v_due.later_runs, v_due.later_steps, v_due.later_items, v_due.later_times)
                l (run_id, step, item, due_at)
            join pgflow.timers r on r.run_id = l.run_id and r.step = l.step and r.item = l.item
            where r.due_at <= p_now
            for update of r skip locked) l
        where d.run_id = l.run_id
          and d.step = l.step
          and d.item = l.item;
    end if;
end;
$$;

-- _silence_error: why a deferred attempt has failed that nobody answered.

create or replace function pgflow._silence_error(
    p_within   interval,
    p_silence  interval,
    p_is_over  boolean
)
returns jsonb
language sql
immutable
as $$
    select case
        when p_is_over then pg_catalog.jsonb_build_object(
            'code', 'PGF-RUN-021',
            'message', 'nobody answered within ' || p_within
                || '; look at what got the token, or give it more time')
        else pg_catalog.jsonb_build_object(
            'code', 'PGF-RUN-022',
            'message', 'nothing was heard for ' || p_silence
                || '; look at what got the token, let it send heartbeats more often, or allow a longer silence')
    end;
$$;
