-- _open_waits: steps that wait without a worker begin to: for their time, for a signal, or for people. Such a task is RUNNING and deferred
-- with 1 remaining, as a map of one item would be; whoever has what it waits for leaves a row in unsettled_steps.
--
-- The caller locked the runs and the tasks. Returns when the first of them is due, and whether one is to be settled at once.

create or replace function pgflow._open_waits(
    p_run_ids  uuid[],
    p_steps    smallint[],
    p_now      timestamptz,
    out due_at     timestamptz,
    out to_settle  boolean
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_wait record;
    v_due_at timestamptz;
    v_over boolean;
    v_error jsonb;
begin
    to_settle := false;
    for v_wait in
        select t.run_id, t.step, t.workflow_id, t.generation, s.kind, s.waits_for
        from unnest(p_run_ids, p_steps) w (run_id, step)
        join pgflow.tasks t on t.run_id = w.run_id and t.step = w.step and t.item = 0
        join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
    loop
        perform pgflow._open_deferred(v_wait.run_id, v_wait.step, v_wait.kind, 1, p_now);
        v_error := null;
        v_due_at := null;
        if v_wait.kind = 'sleep' then
            v_due_at := pgflow._wake_time(v_wait.waits_for -> 'sleep', v_wait.run_id, v_wait.workflow_id, p_now);
            v_error := case when v_due_at is null then pgflow._wake_error(v_wait.waits_for -> 'sleep') end;
            v_over := v_error is not null;
        elsif v_wait.kind = 'approval' then
            v_error := pgflow._approval_error(v_wait.run_id, v_wait.waits_for -> 'approval');
            v_over := v_error is not null;
            if not v_over then
                v_due_at := pgflow._request_approval(
                    v_wait.run_id, v_wait.workflow_id, v_wait.step, v_wait.generation, v_wait.waits_for -> 'approval', p_now);
            end if;
        else
            v_over := pgflow._take_signal(v_wait.run_id, v_wait.waits_for ->> 'signal', v_wait.step, v_wait.generation);
            v_due_at := case when not v_over then p_now + (v_wait.waits_for ->> 'within')::interval end;
        end if;
        if v_error is not null then
            insert into pgflow.unsettled_steps (run_id, step, ended, error)
            values (v_wait.run_id, v_wait.step, 0, v_error);
        end if;
        if v_due_at is not null then
            insert into pgflow.timers (run_id, step, item, due_at)
            values (v_wait.run_id, v_wait.step, 0, v_due_at);
        end if;
        due_at := least(due_at, v_due_at);
        to_settle := to_settle or v_over;
    end loop;
end;
$$;

-- _wake_time: when a sleep ends. It says an ISO-8601 duration, or a time with its offset, or where in the input of the run or in
-- what steps gave one of these stands. Null when it is none of them.

create or replace function pgflow._wake_time(
    p_sleep        jsonb,
    p_run_id       uuid,
    p_workflow_id  bigint,
    p_now          timestamptz
)
returns timestamptz
language plpgsql
stable
set search_path = ''
as $$
declare
    v_value jsonb := case pg_catalog.jsonb_typeof(p_sleep)
        when 'object' then pgflow._value_at(
            pgflow._value_of(p_sleep ->> '$from', p_run_id, p_workflow_id), coalesce(p_sleep ->> 'pointer', ''))
        else p_sleep
    end;
    v_text text := case pg_catalog.jsonb_typeof(v_value) when 'string' then v_value #>> '{}' end;
begin
    return case
        when v_text like 'P%' then p_now + v_text::interval
        when v_text ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})$'
            then v_text::timestamptz
    end;
exception
    when data_exception then
        return null;
end;
$$;

create or replace function pgflow._wake_error(
    p_sleep  jsonb
)
returns jsonb
language sql
immutable
as $$
    select pg_catalog.jsonb_build_object(
        'code', 'PGF-RUN-014',
        'message', 'there is no ISO-8601 duration and no time with an offset to sleep for at ' || p_sleep::text
            || '; write "PT1H" or "2026-01-31T08:00:00Z"');
$$;

-- _take_signal: gives the oldest signal of that name that no step has taken to this one. False when there is none.

create or replace function pgflow._take_signal(
    p_run_id      uuid,
    p_name        text,
    p_step        smallint,
    p_generation  smallint
)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
    with taken as (
        update pgflow.signals g
        set step = p_step,
            generation = p_generation
        where g.run_id = p_run_id
          and g.name = p_name
          and g.position = (
              select min(o.position)
              from pgflow.signals o
              where o.run_id = p_run_id
                and o.name = p_name
                and o.step is null)
        returning g.payload, g.actor
    )
    insert into pgflow.unsettled_steps (run_id, step, ended, output, actor)
    select p_run_id, p_step, 1, g.payload, g.actor
    from taken g;
    return found;
end;
$$;

-- _give_back_signals: steps that had been given a signal end otherwise, before settle_steps saw it: it is as if no step had taken it. Returns
-- the names, for _deliver_signal. The caller locked the runs.

create or replace function pgflow._give_back_signals(
    p_run_ids  uuid[],
    p_steps    smallint[]
)
returns table (run_id uuid, workflow_id int, name text)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
    return query
    with given as (
        select distinct t.run_id, t.workflow_id, t.step, t.generation
        from unnest(p_run_ids, p_steps) w (run_id, step)
        join pgflow.unsettled_steps u on u.run_id = w.run_id and u.step = w.step
        join pgflow.tasks t on t.run_id = w.run_id and t.step = w.step and t.item = 0
        where u.error is null
    )
    update pgflow.signals g
    set step = null,
        generation = null
    from given w
    where g.run_id = w.run_id
      and g.step = w.step
      and g.generation = w.generation
    returning g.run_id, w.workflow_id, g.name;
end;
$$;

-- signal_run: tells a run something. The signal is kept until a step waits for one of its name, and goes to one step: signals in
-- the order they came, steps in the order of the workflow.
--
-- A signal whose id the run has had under that name is a repetition and changes nothing. Outcomes: delivered, kept, repeated,
-- ended (the run is over; nothing is kept), unknown. When to_settle is true, call settle_steps in a transaction of its own.
-- Locks: the run, then the tasks that wait for such a signal, in order.

create or replace function pgflow.signal_run(
    p_run_id     uuid,
    p_name       text,
    p_payload    jsonb default 'null',
    p_signal_id  text default null,
    p_actor      text default null,
    out outcome    text,
    out to_settle  boolean
)
language plpgsql
set search_path = ''
as $$
declare
    v_run record;
begin
    to_settle := false;
    perform pgflow._check_signal(p_name, p_signal_id);
    select r.state, r.workflow_id
    into v_run
    from pgflow.runs r
    where r.run_id = p_run_id
    for no key update of r;
    if not found then
        outcome := 'unknown';
        return;
    end if;

    if exists (
        select
        from pgflow.signals g
        where g.run_id = p_run_id
          and g.name = p_name
          and g.signal_id = p_signal_id)
    then
        outcome := 'repeated';
    elsif v_run.state not in ('PENDING', 'RUNNING') then
        outcome := 'ended';
    else
        insert into pgflow.signals (run_id, name, signal_id, sent_at, actor, payload)
        values (p_run_id, p_name, coalesce(p_signal_id, pg_catalog.gen_random_uuid()::text), pgflow.clock(), p_actor,
                coalesce(p_payload, 'null'));
        --@pp signal_run-kept
        to_settle := pgflow._deliver_signal(p_run_id, v_run.workflow_id, p_name);
        outcome := case when to_settle then 'delivered' else 'kept' end;
    end if;
end;
$$;

-- _check_signal: refuses what the table would refuse. The table's own error would show the whole row, with the payload, in the server's log.

create or replace function pgflow._check_signal(
    p_name       text,
    p_signal_id  text
)
returns void
language plpgsql
set search_path = ''
as $$
begin
    if coalesce(p_name !~ '^[a-z][a-z0-9_]{0,39}$', true) then
        raise exception '% is no name of a signal', coalesce(pg_catalog.quote_literal(pg_catalog.left(p_name, 100)), 'nothing')
            using errcode = 'PF004', hint = 'Use up to 40 lower case letters, digits and _, a letter first.';
    elsif pg_catalog.length(p_signal_id) not between 1 and 200 then
        raise exception 'the id of a signal has % characters', pg_catalog.length(p_signal_id)
            using errcode = 'PF004', hint = 'Use 1 to 200 characters.';
    end if;
end;
$$;

-- _deliver_signal: gives the oldest signal of a name that no step has taken to the first step that waits for one. False when none
-- does: a step whose time is up waits no more, though it has not failed yet. The caller locked the run.

create or replace function pgflow._deliver_signal(
    p_run_id       uuid,
    p_workflow_id  bigint,
    p_name         text
)
returns boolean
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_waiting record;
begin
    -- Lock first: a timer that fires may hold the task, and says that its time is up in a row that is not to be seen before.
    perform 1
    from (
        select s.step
        from pgflow.steps s
        where s.workflow_id = p_workflow_id
          and s.waits_for ->> 'signal' = p_name
        order by s.step) s
    join pgflow.tasks t on t.run_id = p_run_id and t.step = s.step and t.item = 0
    where t.deferred = 'signal'
    for no key update of t;

    select t.step, t.generation
    into v_waiting
    from pgflow.steps s
    join pgflow.tasks t on t.run_id = p_run_id and t.step = s.step and t.item = 0
    where s.workflow_id = p_workflow_id
      and s.waits_for ->> 'signal' = p_name
      and t.deferred = 'signal'
      and not exists (
          select
          from pgflow.unsettled_steps u
          where u.run_id = p_run_id
            and u.step = s.step)
    order by s.step
    limit 1;
    if not found then
        return false;
    end if;

    delete from pgflow.timers t
    where t.run_id = p_run_id
      and t.step = v_waiting.step
      and t.item = 0;
    return pgflow._take_signal(p_run_id, p_name, v_waiting.step, v_waiting.generation);
end;
$$;
