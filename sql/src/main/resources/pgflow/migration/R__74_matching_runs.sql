-- matching_runs: the ids of runs that match a filter, a page of them in the order of their ids, for operations on many runs; the next page
-- begins after the last id of this one (p_after).
--
-- Each part of the filter may be null: any. p_created_from counts in, p_created_until does not. Runs that undo others, which have the labels
-- of those, match only when their workflow is named (name$undo): who cancels all runs of a customer does not stop their undoing. Locks nothing: whoever works on the page
-- looks again at each run under its lock.

create or replace function pgflow.matching_runs(
    p_workflow       text,
    p_states         text[],
    p_labels         jsonb,
    p_created_from   timestamptz,
    p_created_until  timestamptz,
    p_after          uuid,
    p_limit          int
)
returns uuid[]
language sql
stable
set search_path = ''
as $$
    select array(
        select r.run_id
        from pgflow.runs r
        where (p_workflow is null or r.workflow_id in (select w.workflow_id from pgflow.workflows w where w.name = p_workflow))
          and (p_states is null or r.state = any (p_states))
          and (p_labels is null or r.labels @> p_labels)
          and (p_created_from is null or r.created_at >= p_created_from)
          and (p_created_until is null or r.created_at < p_created_until)
          and (p_after is null or r.run_id > p_after)
          and (p_workflow is not null or not pgflow._is_undo_run(r.run_id))
        order by r.run_id
        limit p_limit);
$$;

-- count_matching_runs: how many runs match the filter, by state: what an operation on all of them would be about. Reads the table of runs.

create or replace function pgflow.count_matching_runs(
    p_workflow       text,
    p_states         text[],
    p_labels         jsonb,
    p_created_from   timestamptz,
    p_created_until  timestamptz
)
returns table (state text, runs bigint)
language sql
stable
set search_path = ''
as $$
    select r.state, count(*)
    from pgflow.runs r
    where (p_workflow is null or r.workflow_id in (select w.workflow_id from pgflow.workflows w where w.name = p_workflow))
      and (p_states is null or r.state = any (p_states))
      and (p_labels is null or r.labels @> p_labels)
      and (p_created_from is null or r.created_at >= p_created_from)
      and (p_created_until is null or r.created_at < p_created_until)
      and (p_workflow is not null or not pgflow._is_undo_run(r.run_id))
    group by r.state
    order by r.state;
$$;
