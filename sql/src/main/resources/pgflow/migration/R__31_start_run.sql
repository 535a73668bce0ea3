-- start_run: start_runs for one run, by the name of its workflow (its newest version), for callers that
-- speak SQL. Returns the run's id. With p_notify, workers hear of it when the transaction commits.
-- A map over an empty input ends, and a condition of a first step is decided, with the next upkeep (settle_steps locks what is not
-- this transaction's).

drop function if exists pgflow.start_run(text, jsonb, text, jsonb, interval, int, text, boolean);

create or replace function pgflow.start_run(
    p_workflow         text,
    p_input            jsonb default 'null',
    p_idempotency_key  text default null,
    p_labels           jsonb default null,
    p_delay            interval default null,
    p_priority         int default 2,
    p_actor            text default null,
    p_notify           boolean default true,
    p_deadline         interval default null
)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
    v_workflow_id bigint;
    v_started record;
begin
    select w.workflow_id
    into v_workflow_id
    from pgflow.workflows w
    where w.name = p_workflow
      and w.name not like '%$undo'
    order by w.version desc
    limit 1;
    if not found then
        raise exception 'workflow % is not known', p_workflow
            using errcode = 'PF001', hint = 'Define the workflow first (define_workflow).';
    end if;

    if p_deadline is null then
        select *
        into v_started
        from pgflow.start_runs(
            array[pgflow._time_ordered_id()], array[v_workflow_id], array[p_input], array[p_idempotency_key],
            array[p_labels], array[p_delay], array[p_priority::smallint], p_actor);
    else
        select *
        into v_started
        from pgflow.start_runs_until(
            array[pgflow._time_ordered_id()], array[v_workflow_id], array[p_input], array[p_idempotency_key],
            array[p_labels], array[p_delay], array[p_priority::smallint], p_actor, array[p_deadline]);
    end if;

    if p_notify then
        perform pg_catalog.pg_notify('pgflow_tasks', q.queue)
        from unnest(v_started.woken_queues) q (queue);
        perform pg_catalog.pg_notify('pgflow_events', '')
        where v_started.created[1];
    end if;
    return v_started.run_ids[1];
end;
$$;

-- _time_ordered_id: a uuid of version 7: milliseconds, the part of the millisecond, then chance. Runs sort by it as they were started, to the
-- microsecond.

create or replace function pgflow._time_ordered_id()
returns uuid
language sql
volatile
set search_path = ''
as $$
    select pg_catalog.encode(
        pg_catalog.int8send((now.micros / 1000) << 16 | x'7000'::bigint | now.micros % 1000 * 4096 / 1000)
        || substring(pg_catalog.uuid_send(pg_catalog.gen_random_uuid()) from 9),
        'hex')::uuid
    from (select (extract(epoch from pgflow.clock()) * 1000000)::bigint as micros) now;
$$;
