-- cancel_runs: ends runs, and all that they have left, for a reason that the audit keeps.
--
-- Returns a row a run that was named: cancelled, already cancelled, succeeded, failed (it had ended), or unknown.
-- Handlers that run are interrupted when their worker hears of it: from the NOTIFY on channel pgflow_cancel
-- that the caller may send, else with the worker's next heartbeat.
-- Locks: the runs, then their unfinished tasks, each in order; then the queues.

create or replace function pgflow.cancel_runs(
    p_run_ids  uuid[],
    p_actor    text,
    p_reason   text
)
returns table (run_id uuid, outcome text)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_cancelled uuid[];
begin
    perform 1
    from (select distinct u.run_id from unnest(p_run_ids) u (run_id) order by u.run_id) u
    join pgflow.runs r on r.run_id = u.run_id
    for no key update of r;
    perform 1
    from (select distinct u.run_id from unnest(p_run_ids) u (run_id) order by u.run_id) u
    join pgflow.runs r on r.run_id = u.run_id
    cross join lateral (
        select t.run_id, t.step, t.item
        from pgflow.tasks t
        where t.run_id = u.run_id
          and t.state in ('PENDING', 'SCHEDULED', 'RUNNING', 'RETRYING')
        order by t.run_id, t.step, t.item
        for no key update) t
    where r.state in ('PENDING', 'RUNNING');

    --@pp cancel_runs-locked
    v_cancelled := coalesce(
        pgflow._end_runs(p_run_ids, 'CANCELLED', p_actor, p_reason, null, pgflow.clock()), '{}');
    return query
    select u.run_id,
           case when u.run_id = any (v_cancelled) then 'cancelled'
                when r.state = 'CANCELLED' then 'already cancelled'
                else coalesce(pg_catalog.lower(r.state), 'unknown') end
    from unnest(p_run_ids) u (run_id)
    left join pgflow.runs r on r.run_id = u.run_id;
end;
$$;
