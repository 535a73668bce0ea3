-- set_output: a person gives the output of a task that nobody works on: it has SUCCEEDED then.
--
-- p_item: 0 for a step, 1 and more for an item of its map. The task waits (PENDING, SCHEDULED, RETRYING, or RUNNING without a
-- worker for something from outside), or it failed or was cancelled: then
-- its run goes on as by retry_runs, and this task does not run again in the new generation but has that output. What a step that waits
-- for parents comes after must end all the same before what comes after it goes on.
-- Returns: set, or why not: running, succeeded, skipped, pending (its run has not begun), undoing or undone (what the run did has begun to be
-- undone), unknown. An output is never replaced: to run
-- a step that succeeded again is rerun_steps.
-- Locks: the run, then its tasks (but for items that ended well), each in order; then the queues.

create or replace function pgflow.set_output(
    p_run_id  uuid,
    p_step    text,
    p_item    int,
    p_output  jsonb,
    p_actor   text,
    p_reason  text,
    out outcome        text,
    out ended_run_ids  uuid[],
    out woken_queues   text[],
    out to_settle      boolean
)
language plpgsql
set search_path = ''
as $$
begin
    select e.outcome, e.ended_run_ids, e.woken_queues, e.to_settle
    into outcome, ended_run_ids, woken_queues, to_settle
    from pgflow._end_by_hand(p_run_id, p_step, p_item, 'SUCCEEDED', coalesce(p_output, 'null'), p_actor, p_reason) e;
    if outcome = 'ended' then
        outcome := 'set';
    end if;
end;
$$;

-- skip_task: the same without an output: the task is SKIPPED, and read as null. Unlike skip_tasks it knows items of maps, and tasks that
-- failed or were cancelled, whose run goes on then. Returns: skipped, or why not, as set_output.

create or replace function pgflow.skip_task(
    p_run_id  uuid,
    p_step    text,
    p_item    int,
    p_actor   text,
    p_reason  text,
    out outcome        text,
    out ended_run_ids  uuid[],
    out woken_queues   text[],
    out to_settle      boolean
)
language plpgsql
set search_path = ''
as $$
begin
    select e.outcome, e.ended_run_ids, e.woken_queues, e.to_settle
    into outcome, ended_run_ids, woken_queues, to_settle
    from pgflow._end_by_hand(p_run_id, p_step, p_item, 'SKIPPED', null, p_actor, p_reason) e;
    if outcome = 'ended' then
        outcome := 'skipped';
    elsif outcome = 'skipped' then
        outcome := 'already skipped';
    end if;
end;
$$;

-- _end_by_hand: what set_output and skip_task have in common.

create or replace function pgflow._end_by_hand(
    p_run_id  uuid,
    p_step    text,
    p_item    int,
    p_state   text,
    p_output  jsonb,
    p_actor   text,
    p_reason  text,
    out outcome        text,
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
    v_task record;
    v_gone_on record;
    v_run_ended boolean;
begin
    to_settle := false;
    perform pgflow._lock_whole_runs(array[p_run_id]);
    --@pp end_by_hand-locked
    v_now := pgflow.clock();
    select t.run_id, t.step, t.item, t.state, t.deferred, r.state as run_state, r.generation as run_generation, m.state as step_state
    into v_task
    from pgflow.runs r
    join pgflow.steps s on s.workflow_id = r.workflow_id and s.name = p_step
    join pgflow.tasks t on t.run_id = r.run_id and t.step = s.step and t.item = p_item
    join pgflow.tasks m on m.run_id = r.run_id and m.step = s.step and m.item = 0
    where r.run_id = p_run_id;

    outcome := case
        when v_task.state is null then 'unknown'
        when v_task.run_state = 'PENDING' then 'pending'
        when v_task.deferred not in ('items', 'condition') then 'ended'
        when v_task.state in ('RUNNING', 'SUCCEEDED', 'SKIPPED') then pg_catalog.lower(v_task.state)
        when v_task.item > 0 and v_task.step_state in ('SUCCEEDED', 'SKIPPED') then pg_catalog.lower(v_task.step_state)
        when v_task.run_state in ('FAILED', 'CANCELLED') then
            coalesce(pgflow._undo_word(p_run_id, v_task.run_generation), 'ended')
        else 'ended'
    end;
    if outcome <> 'ended' then
        return;
    end if;

    v_run_ended := v_task.run_state in ('FAILED', 'CANCELLED');
    if v_run_ended then
        perform pgflow._restart(
            array[p_run_id], null, null, case p_item when 0 then v_task.step end, p_actor, p_reason, v_now);
    elsif v_task.state in ('FAILED', 'CANCELLED') then
        perform pgflow._restart_item(p_run_id, v_task.step, v_task.item, p_actor, p_reason, v_now);
    end if;
    select e.ended_run_ids, e.woken_queues
    into ended_run_ids, woken_queues
    from pgflow._end_task(
        p_run_id, v_task.step, v_task.item, p_state, p_output, v_task.state = 'FAILED', p_actor, p_reason, v_now) e;
    if v_run_ended then
        select g.woken_queues
        into v_gone_on
        from pgflow._go_on(array[p_run_id], v_now) g;
        woken_queues := v_gone_on.woken_queues;
    end if;
    to_settle := exists (select from pgflow.unsettled_steps p where p.run_id = p_run_id);
end;
$$;

-- _restart_item: an item that failed, of an open map whose items may fail, is PENDING again. It stays counted off.

create or replace function pgflow._restart_item(
    p_run_id  uuid,
    p_step    smallint,
    p_item    int,
    p_actor   text,
    p_reason  text,
    p_now     timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
begin
    insert into pgflow.past_generations (
        run_id, item, fence, events, step, generation, attempts, state, input, output, error)
    select t.run_id, t.item, t.fence, t.events, t.step, t.generation, t.attempts, t.state, t.input, t.output, t.error
    from pgflow.tasks t
    where t.run_id = p_run_id
      and t.step = p_step
      and t.item = p_item;

    with restarted as (
        update pgflow.tasks t
        set state = 'PENDING',
            generation = t.generation + 1,
            attempts = 0,
            losses = 0,
            releases = 0,
            error = null,
            events = t.events + 1
        where t.run_id = p_run_id
          and t.step = p_step
          and t.item = p_item
        returning t.events, t.fence, t.generation
    )
    insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt, actor, detail)
    select p_run_id, p_now, p_item, r.events, r.fence, p_step, 60, r.generation, 0, p_actor,
           case when p_reason is not null then pg_catalog.jsonb_build_object('reason', p_reason) end
    from restarted r;
end;
$$;

-- _end_task: a task that waits has ended, and what comes of it. p_counted: it is an item that was counted off when it failed.

create or replace function pgflow._end_task(
    p_run_id   uuid,
    p_step     smallint,
    p_item     int,
    p_state    text,
    p_output   jsonb,
    p_counted  boolean,
    p_actor    text,
    p_reason   text,
    p_now      timestamptz,
    out ended_run_ids  uuid[],
    out woken_queues   text[]
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_before record;
    v_ended record;
begin
    select t.state, t.message_id, t.remaining, s.queue, m.state as step_state
    into v_before
    from pgflow.tasks t
    join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
    join pgflow.tasks m on m.run_id = t.run_id and m.step = t.step and m.item = 0
    where t.run_id = p_run_id
      and t.step = p_step
      and t.item = p_item;

    with ended as (
        update pgflow.tasks t
        set state = p_state,
            output = p_output,
            error = null,
            message_id = null,
            deferred = null,
            remaining = case v_before.state when 'RUNNING' then 0 else t.remaining end,
            events = t.events + 1
        where t.run_id = p_run_id
          and t.step = p_step
          and t.item = p_item
        returning t.*
    ),
    audited as (
        insert into pgflow.audit (
            run_id, at, output_hash, item, seq, fence, step, transition, generation, attempt, actor, detail)
        select e.run_id, p_now, case when p_state = 'SUCCEEDED' then pg_catalog.hashtextextended(e.output::text, 0) end,
               e.item, e.events, e.fence, e.step,
               case v_before.state
                   when 'RUNNING' then case p_state when 'SUCCEEDED' then 68 else 24 end
                   else case v_before.state when 'PENDING' then 0 when 'SCHEDULED' then 1 else 2 end
                       + case p_state when 'SUCCEEDED' then 63 else 17 end
               end,
               e.generation, e.attempts, p_actor,
               case when p_reason is not null then pg_catalog.jsonb_build_object('reason', p_reason) end
        from ended e
    )
    select e.workflow_id, e.priority
    into v_ended
    from ended e;

    perform pgflow._delete_messages(array[v_before.queue], array[v_ended.priority], array[v_before.message_id]);
    if p_item = 0 and v_before.state <> 'PENDING' then
        perform pgflow._forget_waiting(array[p_run_id], array[p_step]);
    else
        perform pgflow._forget_task(p_run_id, p_step, p_item);
    end if;
    if p_item > 0 then
        if v_before.step_state = 'RUNNING' and not p_counted then
            perform pgflow._count_off_by_hand(p_run_id, p_step, v_before.state);
        end if;
    elsif v_before.state <> 'PENDING' then
        select e.ended_run_ids, e.woken_queues
        into ended_run_ids, woken_queues
        from pgflow._end_steps(array[p_run_id], array[p_step], array[0], array[v_ended.workflow_id::bigint], p_now) e;
    elsif v_before.remaining = 0 then
        -- It was to be decided, or to begin anew: settle_steps finds that it has ended.
        insert into pgflow.unsettled_steps (run_id, step, ended)
        select p_run_id, p_step, 0
        where not exists (select from pgflow.unsettled_steps u where u.run_id = p_run_id and u.step = p_step);
    end if;
end;
$$;

-- _count_off_by_hand: an item of an open map ended. A map with a limit has one less that waits for its turn.

create or replace function pgflow._count_off_by_hand(
    p_run_id  uuid,
    p_step    smallint,
    p_state   text
)
returns void
language plpgsql
set search_path = ''
as $$
begin
    insert into pgflow.unsettled_steps (run_id, step, ended)
    values (p_run_id, p_step, 1);
    if p_state = 'PENDING' then
        update pgflow.limited_maps l
        set waiting = l.waiting - 1
        where l.run_id = p_run_id
          and l.step = p_step;
    end if;
end;
$$;

-- _forget_task: what stands for a task that waits no more: a timer, a parking place, a place at the gate, a run that it had started.

create or replace function pgflow._forget_task(
    p_run_id  uuid,
    p_step    smallint,
    p_item    int
)
returns void
language plpgsql
set search_path = ''
as $$
begin
    delete from pgflow.timers t
    where t.run_id = p_run_id
      and t.step = p_step
      and t.item = p_item;

    delete from pgflow.parked_tasks p
    where p.run_id = p_run_id
      and p.step = p_step
      and p.item = p_item;

    delete from pgflow.gated_tasks g
    where g.run_id = p_run_id
      and g.step = p_step
      and g.item = p_item;

    insert into pgflow.unsettled_sub_runs (run_id, step, item, fence, child_run_id, report, reason)
    select s.run_id, s.step, s.item, s.fence, s.child_run_id, 'abandoned', 'the task that started it waits for it no more'
    from pgflow.sub_runs s
    join pgflow.runs r on r.run_id = s.child_run_id
    where s.run_id = p_run_id
      and s.step = p_step
      and s.item = p_item
      and r.ended_at is null;
end;
$$;
