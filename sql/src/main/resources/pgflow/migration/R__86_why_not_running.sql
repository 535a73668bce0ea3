-- why_not_running: why a task is not running, in words for a person and codes for a program; a row a reason, the nearest first.
--
-- p_item: 0 for a step, 1 and more for an item of its map. Reads one snapshot and locks nothing, so the answer may be
-- old when it arrives. docs/run-operations.md lists the codes and what their details hold.

create or replace function pgflow.why_not_running(
    p_run_id  uuid,
    p_step    text,
    p_item    int default 0
)
returns table (code text, reason text, detail jsonb)
language plpgsql
stable
set search_path = ''
as $$
declare
    v_task record;
begin
    select t.run_id, t.step, t.item, t.state, t.remaining, t.deferred, t.fence, t.attempts, t.losses, t.releases, t.worker_id,
           t.priority, t.message_id, t.workflow_id, t.error, r.state as run_state, s.name, s.queue, s.handler, s.is_map,
           s.max_attempts, s.at_once, s.depends_on, s.waits_for, w.name as workflow
    into v_task
    from pgflow.runs r
    join pgflow.workflows w on w.workflow_id = r.workflow_id
    join pgflow.steps s on s.workflow_id = r.workflow_id and s.name = p_step
    join pgflow.tasks t on t.run_id = r.run_id and t.step = s.step and t.item = coalesce(p_item, 0)
    where r.run_id = p_run_id;

    if v_task.state is null then
        return query select * from pgflow._why_not_there(p_run_id, p_step);
    elsif v_task.state in ('SUCCEEDED', 'FAILED', 'CANCELLED', 'SKIPPED') then
        return query select * from pgflow._why_ended(v_task);
    elsif v_task.run_state = 'PENDING' then
        return query
        select 'delayed', 'its run begins at ' || pgflow._utc(d.due_at), pg_catalog.jsonb_build_object('due_at', pgflow._utc(d.due_at))
        from pgflow.timers d
        where d.run_id = p_run_id
          and d.step = 0;
    elsif v_task.state = 'PENDING' then
        return query select * from pgflow._why_pending(v_task);
        return query select * from pgflow._why_paused(v_task);
    elsif v_task.state = 'RETRYING' then
        return query select * from pgflow._why_retrying(v_task);
        return query select * from pgflow._why_paused(v_task);
    elsif v_task.state = 'SCHEDULED' then
        return query select * from pgflow._why_paused(v_task);
        return query select * from pgflow._why_scheduled(v_task);
    elsif v_task.deferred is not null then
        return query select * from pgflow._why_deferred(v_task);
    else
        return query
        select 'running', 'it is running, attempt ' || v_task.attempts || ' on worker ' || coalesce(w.name, v_task.worker_id::text),
               pg_catalog.jsonb_build_object('attempt', v_task.attempts, 'worker_id', v_task.worker_id, 'worker', w.name)
        from (select 1) one
        left join pgflow.workers w on w.worker_id = v_task.worker_id;
    end if;
end;
$$;

-- _utc: a time as text that does not depend on the session's time zone.

create or replace function pgflow._utc(
    p_at  timestamptz
)
returns text
language sql
immutable
as $$
    select pg_catalog.to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
$$;

-- _why_not_there: there is no such task, or not yet.

create or replace function pgflow._why_not_there(
    p_run_id  uuid,
    p_step    text
)
returns table (code text, reason text, detail jsonb)
language sql
stable
set search_path = ''
as $$
    select 'unknown',
           case
               when not exists (select from pgflow.runs r where r.run_id = p_run_id) then 'there is no such run'
               when m.state is null then 'its workflow has no such step'
               when m.state in ('PENDING', 'SCHEDULED') then 'the items are not there yet: the map has not opened'
               else 'the map has no such item'
           end,
           null::jsonb
    from (select 1) one
    left join (
        select t.state
        from pgflow.runs r
        join pgflow.steps s on s.workflow_id = r.workflow_id and s.name = p_step
        join pgflow.tasks t on t.run_id = r.run_id and t.step = s.step and t.item = 0
        where r.run_id = p_run_id) m on true;
$$;

-- _why_ended: it has ended; with who decided so, where it was a person.

create or replace function pgflow._why_ended(
    p_task  record
)
returns table (code text, reason text, detail jsonb)
language plpgsql
stable
set search_path = ''
as $$
begin
    return query
    select 'ended',
           'it has ended: ' || p_task.state || ', since ' || e.cause || coalesce(' (' || e.actor || ')', ''),
           pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
               'state', p_task.state, 'transition', e.name, 'at', pgflow._utc(e.at), 'actor', e.actor,
               'reason', e.detail ->> 'reason', 'error', p_task.error))
    from (
        select a.at, a.detail, a.run_transition, case when a.run_transition is null then a.actor end as actor, t.name, t.cause
        from pgflow.audit a
        join pgflow.transitions t on t.transition = a.transition
        where a.run_id = p_task.run_id
          and a.step = p_task.step
          and a.item = p_task.item
        order by a.seq desc
        limit 1) e;
    if p_task.run_state in ('FAILED', 'CANCELLED') then
        return query
        select 'run_ended',
               'its run has ended: ' || p_task.run_state
                   || coalesce('; what it did is undone by run ' || pgflow.undo_of(p_task.run_id), '; retry_runs lets it go on'),
               pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
                   'state', p_task.run_state, 'undo_run_id', pgflow.undo_of(p_task.run_id)));
    end if;
end;
$$;

-- _why_pending: it waits for parents, for its turn among the items of its map, or to be looked at.

create or replace function pgflow._why_pending(
    p_task  record
)
returns table (code text, reason text, detail jsonb)
language plpgsql
stable
set search_path = ''
as $$
begin
    if p_task.item > 0 then
        return query
        select 'turn',
               'it waits for its turn: at most ' || p_task.at_once || ' items are on their way at once, and '
                   || l.waiting || ' wait',
               pg_catalog.jsonb_build_object('at_once', p_task.at_once, 'waiting', l.waiting)
        from pgflow.limited_maps l
        where l.run_id = p_task.run_id
          and l.step = p_task.step;
        return;
    end if;

    if p_task.remaining = 0 then
        return query
        select 'settle', 'it waits for nothing; whether and how it goes on is decided next (settle_steps)', null::jsonb;
        return;
    end if;
    return query
    select 'parents',
           'it waits for ' || pg_catalog.string_agg(o.name || ' (' || o.state || ')', ', ' order by o.step),
           pg_catalog.jsonb_build_object('parents', pg_catalog.jsonb_agg(
               pg_catalog.jsonb_build_object('step', o.name, 'state', o.state) order by o.step))
    from (
        select s.step, s.name, t.state
        from unnest(p_task.depends_on) d (step)
        join pgflow.steps s on s.workflow_id = p_task.workflow_id and s.step = d.step
        join pgflow.tasks t on t.run_id = p_task.run_id and t.step = d.step and t.item = 0
        where not pgflow._has_ended_well(t)) o
    having count(*) > 0;
end;
$$;

-- _why_paused: its queue, its workflow, its step or its run is paused.

create or replace function pgflow._why_paused(
    p_task  record
)
returns table (code text, reason text, detail jsonb)
language plpgsql
stable
set search_path = ''
as $$
begin
    return query
    select 'paused',
           p.scope || ' ' || p.name || ' is paused' || coalesce(' by ' || p.actor, '') || coalesce(': ' || p.reason, ''),
           pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
               'scope', p.scope, 'name', p.name, 'since', pgflow._utc(p.since), 'actor', p.actor, 'reason', p.reason))
    from pgflow.paused() p
    where (p.scope, p.name) in (
        ('queue', p_task.queue),
        ('workflow', p_task.workflow),
        ('step', p_task.workflow || '.' || p_task.name),
        ('run', p_task.run_id::text))
    order by p.since, p.scope, p.name;
end;
$$;

-- _why_retrying: it waits for the time of its next attempt.

create or replace function pgflow._why_retrying(
    p_task  record
)
returns table (code text, reason text, detail jsonb)
language plpgsql
stable
set search_path = ''
as $$
begin
    return query
    select 'backoff',
           'attempt ' || (p_task.attempts - p_task.losses - p_task.releases) || ' of ' || p_task.max_attempts
               || ' failed; the next one is due at ' || pgflow._utc(d.due_at),
           pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
               'due_at', pgflow._utc(d.due_at), 'failed', p_task.attempts - p_task.losses - p_task.releases,
               'max_attempts', p_task.max_attempts, 'error', p_task.error))
    from pgflow.timers d
    where d.run_id = p_task.run_id
      and d.step = p_task.step
      and d.item = p_task.item;
end;
$$;

-- _why_scheduled: nobody works on its queue, nobody has its handler, or others come first.

create or replace function pgflow._why_scheduled(
    p_task  record
)
returns table (code text, reason text, detail jsonb)
language plpgsql
stable
set search_path = ''
as $$
declare
    v_workers bigint;
    v_before bigint;
begin
    v_workers := (select count(*) from pgflow.workers w where w.ended_at is null and p_task.queue = any (w.queues));
    if v_workers = 0 then
        return query
        select 'no_worker', 'no living worker works on queue ' || p_task.queue,
               pg_catalog.jsonb_build_object('queue', p_task.queue);
    elsif not pgflow._is_served(p_task.queue, p_task.handler) then
        return query
        select 'no_handler',
               'none of the ' || v_workers || ' living workers on queue ' || p_task.queue || ' has handler ' || p_task.handler,
               pg_catalog.jsonb_build_object('queue', p_task.queue, 'handler', p_task.handler, 'workers', v_workers);
    end if;

    if exists (
        select
        from pgflow.gated_tasks g
        where g.run_id = p_task.run_id
          and g.step = p_task.step
          and g.item = p_task.item) then
        return query
        select 'limit', 'it waits at the gate until the limits of its step have room (limits_in_use)',
               pg_catalog.jsonb_build_object('limits', s.limits)
        from pgflow.steps s
        where s.workflow_id = p_task.workflow_id
          and s.step = p_task.step;
        return;
    end if;

    v_before := pgflow._messages_before(p_task.queue, p_task.priority, p_task.message_id);
    return query
    select 'queue',
           case
               when v_before = 0 then 'it is next in queue ' || p_task.queue || ' and waits for a free slot of a worker'
               when v_before >= 10000 then 'at least ' || v_before || ' tasks come before it in queue ' || p_task.queue
               else v_before || ' tasks come before it in queue ' || p_task.queue
           end,
           pg_catalog.jsonb_build_object('queue', p_task.queue, 'priority', p_task.priority, 'before', v_before);
end;
$$;

-- _messages_before: how many messages a worker reads before this one; counted up to 10,000.

create or replace function pgflow._messages_before(
    p_queue       text,
    p_priority    smallint,
    p_message_id  bigint
)
returns bigint
language plpgsql
stable
set search_path = ''
as $$
declare
    v_sum bigint := 0;
    v_count bigint;
begin
    for v_priority in 1 .. p_priority loop
        execute pg_catalog.format(
            'select count(*) from (
                 select
                 from pgmq.%I m
                 where m.msg_id < $1
                   and m.vt <= pg_catalog.clock_timestamp()
                 limit $2) m',
            'q_' || pgflow._pgmq_queue(p_queue, v_priority::smallint))
        using case when v_priority = p_priority then p_message_id else 9223372036854775807 end, 10000 - v_sum
        into v_count;
        v_sum := v_sum + v_count;
    end loop;
    return v_sum;
end;
$$;

-- _why_deferred: it is RUNNING without a worker, and waits for something outside.

create or replace function pgflow._why_deferred(
    p_task  record
)
returns table (code text, reason text, detail jsonb)
language plpgsql
stable
set search_path = ''
as $$
begin
    return query
    select p_task.deferred,
           case p_task.deferred
               when 'items' then 'it waits for ' || p_task.remaining || ' items of its map'
               when 'condition' then 'its condition does not hold, and it is about to fail'
               when 'sleep' then 'it sleeps until ' || coalesce(pgflow._utc(d.due_at), 'now')
               when 'signal' then 'it waits for signal ' || (p_task.waits_for ->> 'signal')
                   || coalesce(', until ' || pgflow._utc(d.due_at), '')
               when 'token' then 'it waits for somebody outside to answer' || coalesce(', until ' || pgflow._utc(d.due_at), '')
               when 'approval' then pgflow._why_asked(a.question, a.roles, a.actors, a.votes, a.quorum)
                   || coalesce(', until ' || pgflow._utc(d.due_at), '')
               when 'run' then 'it waits for run ' || c.child_run_id || ' of workflow ' || (p_task.waits_for ->> 'workflow')
               else 'it waits for something outside: ' || p_task.deferred
           end,
           pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
               'remaining', case p_task.deferred when 'items' then p_task.remaining end,
               'signal', case p_task.deferred when 'signal' then p_task.waits_for ->> 'signal' end,
               'heard_at', pgflow._utc(h.heard_at),
               'run_id', c.child_run_id,
               'approval_id', a.approval_id,
               'question', a.question,
               'roles', a.roles,
               'actors', a.actors,
               'votes', a.votes,
               'quorum', a.quorum,
               'until', pgflow._utc(d.due_at)))
    from (select 1) one
    left join pgflow.timers d on d.run_id = p_task.run_id and d.step = p_task.step and d.item = p_task.item
    left join pgflow.deferrals h
        on p_task.deferred = 'token' and h.run_id = p_task.run_id and h.step = p_task.step and h.item = p_task.item
       and h.fence = p_task.fence
    left join pgflow.sub_runs c
        on p_task.deferred = 'run' and c.run_id = p_task.run_id and c.step = p_task.step and c.item = p_task.item
       and c.fence = p_task.fence
    left join lateral (
        select p.approval_id, p.roles, p.actors, p_task.waits_for -> 'approval' ->> 'question' as question,
               coalesce((p_task.waits_for -> 'approval' ->> 'quorum')::int, 1) as quorum,
               (select count(*) from pgflow.approval_votes v where v.approval_id = p.approval_id) as votes
        from pgflow.approvals p
        where p.run_id = p_task.run_id
          and p.step = p_task.step
          and p.state = 'pending') a on p_task.deferred = 'approval';
end;
$$;

-- _why_asked: what people are asked, and who may answer.

create or replace function pgflow._why_asked(
    p_question  text,
    p_roles     text[],
    p_actors    text[],
    p_votes     bigint,
    p_quorum    int
)
returns text
language sql
stable
set search_path = ''
as $$
    select 'it waits for ' || coalesce(nullif(pg_catalog.concat_ws(
               ' or ',
               'somebody who is ' || nullif(pg_catalog.array_to_string(p_roles, ' or '), ''),
               nullif(pg_catalog.array_to_string(p_actors, ' or '), '')), ''), 'anybody')
           || ' to decide: ' || p_question
           || case when p_quorum > 1 then ' (' || p_votes || ' of ' || p_quorum || ' have)' else '' end;
$$;
