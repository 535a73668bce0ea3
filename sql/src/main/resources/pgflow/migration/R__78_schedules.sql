-- define_schedule: stores a schedule, or changes the one of that name. The definition is an object with "workflow", "cron" and "timeZone" or
-- "every" (an interval, whole seconds), and what may be left out: "input" (none: the tick), "catchUp" (skip, once, all), "catchUpLimit",
-- "overlap" (allow, skip), "priority", "deadline", "labels".
--
-- The same definition again changes nothing. A new or changed schedule begins now: earlier ticks start nothing. Raises PF001 for a workflow
-- that does not exist and PF004 for a definition that cannot be stored.
-- Locks: the schedule.

create or replace function pgflow.define_schedule(
    p_name        text,
    p_definition  jsonb,
    p_actor       text,
    p_reason      text,
    out created  boolean,
    out changed  boolean
)
language plpgsql
set search_path = ''
as $$
declare
    v_now timestamptz := pgflow.clock();
    v_new pgflow.schedules;
    v_old pgflow.schedules;
begin
    if not exists (
        select
        from pgflow.workflows w
        where w.name = p_definition ->> 'workflow'
          and w.name not like '%$undo')
    then
        raise exception 'workflow % is not known', coalesce(p_definition ->> 'workflow', '(without a name)')
            using errcode = 'PF001', hint = 'Define the workflow first (define_workflow).';
    end if;

    begin
        v_new := pgflow._read_schedule(p_name, p_definition, v_now);
        insert into pgflow.schedules as s (
            name, workflow, input, cron, time_zone, every, first_at, catch_up, catch_up_limit, overlap, priority, deadline, labels,
            decided_until, next_at, created_at)
        select v_new.name, v_new.workflow, v_new.input, v_new.cron, v_new.time_zone, v_new.every, v_new.first_at, v_new.catch_up,
               v_new.catch_up_limit, v_new.overlap, v_new.priority, v_new.deadline, v_new.labels, v_now, v_now, v_now
        on conflict (name) do nothing;
        created := found;
        changed := false;
        if not created then
            select * into v_old from pgflow.schedules s where s.name = p_name for update;
            changed := pgflow._differ(v_old, v_new);
        end if;
        if changed then
            update pgflow.schedules s
            set workflow = v_new.workflow,
                input = v_new.input,
                cron = v_new.cron,
                time_zone = v_new.time_zone,
                every = v_new.every,
                first_at = v_new.first_at,
                catch_up = v_new.catch_up,
                catch_up_limit = v_new.catch_up_limit,
                overlap = v_new.overlap,
                priority = v_new.priority,
                deadline = v_new.deadline,
                labels = v_new.labels,
                decided_until = v_now,
                next_at = case when not s.paused then v_now end
            where s.name = p_name;
        end if;
    exception
        when data_exception or integrity_constraint_violation then
            raise exception 'schedule % is not valid: %', coalesce(p_name, '(without a name)'), sqlerrm
                using errcode = 'PF004', hint = 'Mend the definition; docs/schedules.md describes it.';
    end;

    if created or changed then
        perform pgflow._note_schedule(p_name, case when created then 'defined' else 'changed' end, p_actor, p_reason, p_definition, v_now);
    end if;
end;
$$;

-- _read_schedule: a definition as a row.

create or replace function pgflow._read_schedule(
    p_name        text,
    p_definition  jsonb,
    p_now         timestamptz
)
returns pgflow.schedules
language plpgsql
set search_path = ''
as $$
declare
    v_new pgflow.schedules;
begin
    v_new.name := p_name;
    v_new.workflow := p_definition ->> 'workflow';
    v_new.input := p_definition -> 'input';
    v_new.cron := p_definition ->> 'cron';
    v_new.time_zone := p_definition ->> 'timeZone';
    v_new.every := (p_definition ->> 'every')::interval;
    v_new.first_at := case when v_new.every is not null then pg_catalog.date_trunc('second', p_now) + v_new.every end;
    v_new.catch_up := coalesce(p_definition ->> 'catchUp', 'once');
    v_new.catch_up_limit := coalesce((p_definition ->> 'catchUpLimit')::int, 1);
    v_new.overlap := coalesce(p_definition ->> 'overlap', 'allow');
    v_new.priority := coalesce((p_definition ->> 'priority')::smallint, 2);
    v_new.deadline := (p_definition ->> 'deadline')::interval;
    v_new.labels := p_definition -> 'labels';
    return v_new;
end;
$$;

-- _differ: whether two schedules say different things.

create or replace function pgflow._differ(
    p_one    pgflow.schedules,
    p_other  pgflow.schedules
)
returns boolean
language sql
immutable
as $$
    select (p_one.workflow, p_one.input, p_one.cron, p_one.time_zone, p_one.every, p_one.catch_up, p_one.catch_up_limit, p_one.overlap,
            p_one.priority, p_one.deadline, p_one.labels)
        is distinct from
           (p_other.workflow, p_other.input, p_other.cron, p_other.time_zone, p_other.every, p_other.catch_up, p_other.catch_up_limit,
            p_other.overlap, p_other.priority, p_other.deadline, p_other.labels);
$$;

-- _note_schedule: an entry of the history of a schedule, by a person or program that asked.

create or replace function pgflow._note_schedule(
    p_name    text,
    p_event   text,
    p_actor   text,
    p_reason  text,
    p_what    jsonb,
    p_now     timestamptz,
    p_run_id  uuid default null
)
returns void
language sql
as $$
    insert into pgflow.schedule_history (name, at, event, run_id, actor, detail)
    values (p_name, p_now, p_event, p_run_id, coalesce(p_actor, ''),
            pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('reason', p_reason, 'what', p_what)));
$$;

-- due_schedules: schedules to look at now, and what is to be known to compute their ticks. Reads, and locks nothing: any number of processes
-- may compute the same ticks, one of them gets to advance the schedule.

create or replace function pgflow.due_schedules(
    p_limit  int default 100
)
returns table (
    schedule_id     bigint,
    name            text,
    cron            text,
    time_zone       text,
    every_seconds   bigint,
    first_at        timestamptz,
    catch_up        text,
    catch_up_limit  int,
    decided_until   timestamptz,
    asked_at        timestamptz
)
language plpgsql
set search_path = ''
as $$
declare
    v_now timestamptz := pgflow.clock();
begin
    return query
    select s.schedule_id, s.name, s.cron, s.time_zone, extract(epoch from s.every)::bigint, s.first_at, s.catch_up, s.catch_up_limit,
           s.decided_until, v_now
    from pgflow.schedules s
    where s.next_at <= v_now
    order by s.next_at
    limit p_limit;
end;
$$;

-- advance_schedules: starts the runs of ticks, and says when their schedules are due again. It applies to a schedule only if nobody has
-- decided for it since (p_expected is its decided_until), and then to all its ticks, in this transaction. The idempotency key of a tick's run is
-- made of the schedule and the tick, so that no tick starts two runs, whoever asks.
--
-- p_schedule_ids, p_expected, p_decided_until, p_next_ats and p_missed_since are parallel, one a schedule; so are p_tick_schedules and p_ticks,
-- one a tick, older ones first. A schedule whose run is refused goes on, and its history says so. Returns the schedules that it advanced.
-- Locks: the schedules, skipping the locked ones; then as start_runs.

create or replace function pgflow.advance_schedules(
    p_schedule_ids    bigint[],
    p_expected        timestamptz[],
    p_decided_until   timestamptz[],
    p_next_ats        timestamptz[],
    p_missed_since    timestamptz[],
    p_tick_schedules  bigint[],
    p_ticks           timestamptz[],
    out advanced      bigint[],
    out started       int,
    out woken_queues  text[],
    out to_settle     boolean,
    out next_due_in   interval
)
language plpgsql
set search_path = ''
as $$
declare
    v_now timestamptz := pgflow.clock();
    v_turn record;
    v_runs record;
begin
    started := 0;
    to_settle := false;
    for v_turn in
        select s as schedule, a.decided_until, a.next_at, a.missed_since
        from unnest(p_schedule_ids, p_expected, p_decided_until, p_next_ats, p_missed_since)
            a (schedule_id, expected, decided_until, next_at, missed_since)
        join pgflow.schedules s on s.schedule_id = a.schedule_id
        where s.decided_until = a.expected
          and not s.paused
        order by s.schedule_id
        for no key update of s skip locked
    loop
        --@pp advance_schedules-locked
        v_runs := pgflow._start_ticks(
            v_turn.schedule,
            array(
                select t.tick
                from unnest(p_tick_schedules, p_ticks) t (schedule_id, tick)
                where t.schedule_id = (v_turn.schedule).schedule_id
                order by t.tick),
            v_now);
        update pgflow.schedules s
        set decided_until = v_turn.decided_until,
            next_at = v_turn.next_at,
            last_at = coalesce(v_runs.last_at, s.last_at),
            last_run_id = coalesce(v_runs.last_run_id, s.last_run_id)
        where s.schedule_id = (v_turn.schedule).schedule_id;
        if v_turn.missed_since is not null then
            perform pgflow._note_ticks((v_turn.schedule).name, 'missed', array[v_turn.missed_since], null, v_now);
        end if;

        advanced := advanced || (v_turn.schedule).schedule_id;
        started := started + v_runs.started;
        woken_queues := woken_queues || v_runs.woken_queues;
        to_settle := to_settle or v_runs.to_settle;
    end loop;
    next_due_in := pgflow._next_due_at() - v_now;
end;
$$;

-- _start_ticks: the runs of some ticks of a schedule, as far as it lets them overlap. What is refused is noted, and nothing of it started.

create or replace function pgflow._start_ticks(
    p_schedule  pgflow.schedules,
    p_ticks     timestamptz[],
    p_now       timestamptz,
    out started       int,
    out last_at       timestamptz,
    out last_run_id   uuid,
    out woken_queues  text[],
    out to_settle     boolean
)
language plpgsql
set search_path = ''
as $$
declare
    v_ticks timestamptz[] := p_ticks;
    v_runs record;
begin
    started := 0;
    to_settle := false;
    if p_ticks = '{}' then
        return;
    end if;
    if p_schedule.overlap = 'skip' then
        v_ticks := case
            when pgflow._is_unfinished(p_schedule.last_run_id) then '{}'
            else p_ticks[1:1]
        end;
        perform pgflow._note_ticks(
            p_schedule.name, 'skipped', p_ticks[pg_catalog.cardinality(v_ticks) + 1:], null, p_now);
    end if;
    if v_ticks = '{}' then
        return;
    end if;

    begin
        v_runs := pgflow._start_scheduled(p_schedule, v_ticks, 'schedule ' || p_schedule.name);
        started := pg_catalog.cardinality(pg_catalog.array_positions(v_runs.created, true));
        last_at := v_ticks[pg_catalog.cardinality(v_ticks)];
        last_run_id := v_runs.run_ids[pg_catalog.cardinality(v_ticks)];
        woken_queues := v_runs.woken_queues;
        to_settle := v_runs.to_settle;
    exception
        when sqlstate 'PF001' or sqlstate 'PF004' or data_exception then
            perform pgflow._note_ticks(p_schedule.name, 'refused', v_ticks, sqlerrm, p_now);
    end;
end;
$$;

-- _start_scheduled: starts a run of the newest version of the workflow for each tick that has none. Whoever comes with the same tick again gets
-- the same run.

create or replace function pgflow._start_scheduled(
    p_schedule  pgflow.schedules,
    p_ticks     timestamptz[],
    p_actor     text,
    out run_ids       uuid[],
    out created       boolean[],
    out woken_queues  text[],
    out to_settle     boolean
)
language plpgsql
set search_path = ''
as $$
declare
    v_workflow_id bigint;
    v_ask record;
    v_runs record;
begin
    select w.workflow_id
    into v_workflow_id
    from pgflow.workflows w
    where w.name = p_schedule.workflow
    order by w.version desc
    limit 1;

    select array_agg(pgflow._time_ordered_id() order by t.n) as run_ids,
           array_agg(coalesce(v_workflow_id, 0) order by t.n) as workflow_ids,
           array_agg(coalesce(p_schedule.input, pg_catalog.jsonb_build_object('schedule', p_schedule.name, 'at', t.at)) order by t.n) as inputs,
           array_agg('schedule ' || p_schedule.name || ' ' || t.at order by t.n) as keys,
           array_agg(coalesce(p_schedule.labels, '{}')
               || pg_catalog.jsonb_build_object('schedule', p_schedule.name, 'tick', t.at) order by t.n) as labels,
           array_agg(p_schedule.priority order by t.n) as priorities,
           array_agg(p_schedule.deadline order by t.n) as deadlines
    into v_ask
    from (select pgflow._tick_text(t.tick) as at, t.n from unnest(p_ticks) with ordinality t (tick, n)) t;

    if p_schedule.deadline is null then
        select *
        into v_runs
        from pgflow.start_runs(
            v_ask.run_ids, v_ask.workflow_ids, v_ask.inputs, v_ask.keys, v_ask.labels, null, v_ask.priorities, p_actor);
    else
        select *
        into v_runs
        from pgflow.start_runs_until(
            v_ask.run_ids, v_ask.workflow_ids, v_ask.inputs, v_ask.keys, v_ask.labels, null, v_ask.priorities, p_actor,
            v_ask.deadlines);
    end if;
    run_ids := v_runs.run_ids;
    created := v_runs.created;
    woken_queues := v_runs.woken_queues;
    to_settle := v_runs.to_settle;
end;
$$;

-- _tick_text: a tick as text, as ISO 8601 writes it.

create or replace function pgflow._tick_text(
    p_tick  timestamptz
)
returns text
language sql
stable
as $$
    select pg_catalog.to_char(p_tick at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"');
$$;

-- _is_unfinished: whether a run exists and has not ended.

create or replace function pgflow._is_unfinished(
    p_run_id  uuid
)
returns boolean
language sql
stable
as $$
    select exists (
        select
        from pgflow.runs r
        where r.run_id = p_run_id
          and r.ended_at is null);
$$;

-- _note_ticks: ticks that started no run, and why. Keeps the newest 1,000 such entries of the schedule.

create or replace function pgflow._note_ticks(
    p_name     text,
    p_event    text,
    p_ticks    timestamptz[],
    p_problem  text,
    p_now      timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
begin
    insert into pgflow.schedule_history (name, at, event, tick_at, detail)
    select p_name, p_now, p_event, t.tick,
           case when p_problem is not null then pg_catalog.jsonb_build_object('problem', p_problem) end
    from unnest(p_ticks) t (tick);
    if not found then
        return;
    end if;

    delete from pgflow.schedule_history h
    where h.name = p_name
      and h.actor is null
      and h.entry <= (
          select n.entry
          from pgflow.schedule_history n
          where n.name = p_name
            and n.actor is null
          order by n.entry desc
          offset 1000
          limit 1);
end;
$$;

-- refuse_schedule: pauses a schedule of which no process can compute the ticks, and says why in its history: its cron expression or time zone is
-- not valid, or it has no ticks at all.
-- Locks: the schedule.

create or replace function pgflow.refuse_schedule(
    p_schedule_id  bigint,
    p_expected     timestamptz,
    p_problem      text
)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
    v_name text;
begin
    update pgflow.schedules s
    set paused = true,
        next_at = null
    where s.schedule_id = p_schedule_id
      and s.decided_until = p_expected
      and not s.paused
    returning s.name
    into v_name;
    if v_name is null then
        return false;
    end if;
    perform pgflow._note_ticks(v_name, 'refused', array[null::timestamptz], p_problem, pgflow.clock());
    return true;
end;
$$;

-- pause_schedule: it starts no runs until it is resumed; ticks meanwhile start nothing, then or later. Returns paused, already paused or unknown.
-- Locks: the schedule.

create or replace function pgflow.pause_schedule(
    p_name    text,
    p_actor   text,
    p_reason  text
)
returns text
language plpgsql
set search_path = ''
as $$
declare
    v_paused boolean;
begin
    select s.paused into v_paused from pgflow.schedules s where s.name = p_name for no key update;
    if v_paused is null then
        return 'unknown';
    elsif v_paused then
        return 'already paused';
    end if;
    update pgflow.schedules s
    set paused = true,
        next_at = null
    where s.name = p_name;
    perform pgflow._note_schedule(p_name, 'paused', p_actor, p_reason, null, pgflow.clock());
    return 'paused';
end;
$$;

-- resume_schedule: its next tick from now on starts a run again. Returns resumed, not paused or unknown.
-- Locks: the schedule.

create or replace function pgflow.resume_schedule(
    p_name    text,
    p_actor   text,
    p_reason  text
)
returns text
language plpgsql
set search_path = ''
as $$
declare
    v_paused boolean;
    v_now timestamptz;
begin
    select s.paused into v_paused from pgflow.schedules s where s.name = p_name for no key update;
    if v_paused is null then
        return 'unknown';
    elsif not v_paused then
        return 'not paused';
    end if;
    v_now := pgflow.clock();
    update pgflow.schedules s
    set paused = false,
        decided_until = v_now,
        next_at = v_now
    where s.name = p_name;
    perform pgflow._note_schedule(p_name, 'resumed', p_actor, p_reason, null, v_now);
    return 'resumed';
end;
$$;

-- delete_schedule: its runs and its history stay. Returns deleted or unknown.
-- Locks: the schedule.

create or replace function pgflow.delete_schedule(
    p_name    text,
    p_actor   text,
    p_reason  text
)
returns text
language plpgsql
set search_path = ''
as $$
begin
    delete from pgflow.schedules s
    where s.name = p_name;
    if not found then
        return 'unknown';
    end if;
    perform pgflow._note_schedule(p_name, 'deleted', p_actor, p_reason, null, pgflow.clock());
    return 'deleted';
end;
$$;

-- trigger_schedule: starts a run of a schedule now, whether or not it is paused or its last run has ended. The caller chooses the run's id, so that
-- a call whose answer was lost can be repeated. Returns no id for a schedule that does not exist.
-- Locks: the schedule; then as start_runs.

create or replace function pgflow.trigger_schedule(
    p_name    text,
    p_run_id  uuid,
    p_actor   text,
    p_reason  text,
    out run_id        uuid,
    out created       boolean,
    out woken_queues  text[],
    out to_settle     boolean
)
language plpgsql
set search_path = ''
as $$
declare
    v_schedule pgflow.schedules;
    v_now timestamptz;
    v_runs record;
begin
    select * into v_schedule from pgflow.schedules s where s.name = p_name for no key update;
    if not found then
        return;
    end if;
    v_now := pgflow.clock();
    select *
    into v_runs
    from pgflow.start_runs_until(
        array[p_run_id],
        array[coalesce((select max(w.workflow_id) from pgflow.workflows w where w.name = v_schedule.workflow), 0)],
        array[coalesce(v_schedule.input, pg_catalog.jsonb_build_object('schedule', p_name, 'at', pgflow._tick_text(v_now)))],
        null,
        array[coalesce(v_schedule.labels, '{}') || pg_catalog.jsonb_build_object('schedule', p_name)],
        null, array[v_schedule.priority], p_actor, array[v_schedule.deadline]);
    run_id := v_runs.run_ids[1];
    created := v_runs.created[1];
    woken_queues := v_runs.woken_queues;
    to_settle := v_runs.to_settle;
    if created then
        update pgflow.schedules s
        set last_run_id = p_run_id
        where s.name = p_name
          and not pgflow._is_unfinished(s.last_run_id); -- ticks look at the one that goes on
        perform pgflow._note_schedule(p_name, 'triggered', p_actor, p_reason, null, v_now, p_run_id);
    end if;
end;
$$;

-- backfill_schedule: starts the runs of ticks of the past that have none, whether or not they overlap. Returns their ids, parallel to the ticks, and
-- which of them this call created; no ids for a schedule that does not exist.
-- Locks: the schedule; then as start_runs.

create or replace function pgflow.backfill_schedule(
    p_name    text,
    p_ticks   timestamptz[],
    p_actor   text,
    p_reason  text,
    out run_ids       uuid[],
    out created       boolean[],
    out woken_queues  text[],
    out to_settle     boolean
)
language plpgsql
set search_path = ''
as $$
declare
    v_schedule pgflow.schedules;
    v_runs record;
begin
    select * into v_schedule from pgflow.schedules s where s.name = p_name for no key update;
    if not found then
        return;
    end if;
    run_ids := '{}';
    created := '{}';
    to_settle := false;
    if p_ticks <> '{}' then
        v_runs := pgflow._start_scheduled(v_schedule, p_ticks, p_actor);
        run_ids := v_runs.run_ids;
        created := v_runs.created;
        woken_queues := v_runs.woken_queues;
        to_settle := v_runs.to_settle;
    end if;
    if true = any (created) then
        perform pgflow._note_schedule(
            p_name, 'backfilled', p_actor, p_reason,
            pg_catalog.jsonb_build_object(
                'from', pgflow._tick_text(p_ticks[1]), 'to', pgflow._tick_text(p_ticks[pg_catalog.cardinality(p_ticks)]),
                'runs', pg_catalog.cardinality(pg_catalog.array_positions(created, true))),
            pgflow.clock());
    end if;
end;
$$;

-- list_schedules: all schedules by name, or the one of that name, as they stand now.

create or replace function pgflow.list_schedules(
    p_name  text default null
)
returns table (
    schedule_id     bigint,
    name            text,
    workflow        text,
    input           jsonb,
    cron            text,
    time_zone       text,
    every_seconds   bigint,
    first_at        timestamptz,
    catch_up        text,
    catch_up_limit  int,
    overlap         text,
    priority        smallint,
    deadline_ms     bigint,
    labels          jsonb,
    paused          boolean,
    decided_until   timestamptz,
    next_at         timestamptz,
    last_at         timestamptz,
    last_run_id     uuid,
    asked_at        timestamptz
)
language sql
volatile
set search_path = ''
as $$
    select s.schedule_id, s.name, s.workflow, s.input, s.cron, s.time_zone, extract(epoch from s.every)::bigint, s.first_at, s.catch_up,
           s.catch_up_limit, s.overlap, s.priority, (extract(epoch from s.deadline) * 1000)::bigint, s.labels, s.paused,
           s.decided_until, s.next_at, s.last_at, s.last_run_id, pgflow.clock()
    from pgflow.schedules s
    where p_name is null
       or s.name = p_name
    order by s.name;
$$;

-- schedule_entries: the history of a schedule, newest first; a page ends before an entry (p_before, null to begin with).

create or replace function pgflow.schedule_entries(
    p_name    text,
    p_before  bigint,
    p_limit   int
)
returns table (
    entry    bigint,
    at       timestamptz,
    event    text,
    tick_at  timestamptz,
    run_id   uuid,
    actor    text,
    reason   text,
    detail   jsonb
)
language sql
stable
set search_path = ''
as $$
    select h.entry, h.at, h.event, h.tick_at, h.run_id, nullif(h.actor, ''), h.detail ->> 'reason',
           nullif(h.detail - 'reason', '{}')
    from pgflow.schedule_history h
    where h.name = p_name
      and (p_before is null or h.entry < p_before)
    order by h.entry desc
    limit p_limit;
$$;
