-- open_transaction: a handler is about to write in this transaction, which is then completed together with its task.
--
-- Leaves a mark that ends with the transaction (complete_in_transaction looks for it), and says whether the task is still held
-- under this fence: if not, there is nothing to be done here. No lock: whatever happens to the task while the handler works is
-- met by its completion. Raises PF060 when the transaction is not READ COMMITTED, as joins need it.

create or replace function pgflow.open_transaction(
    p_run_id  uuid,
    p_step    smallint,
    p_item    int,
    p_fence   int
)
returns boolean
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
    if pg_catalog.current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'the transaction of a handler is %', pg_catalog.current_setting('transaction_isolation')
            using errcode = 'PF060', hint = 'Let the connections for transactional handlers begin with READ COMMITTED.';
    end if;
    perform pg_catalog.set_config('pgflow.transaction', pgflow._transaction_mark(p_run_id, p_step, p_item, p_fence), true);
    return exists (
        select
        from pgflow.tasks t
        where t.run_id = p_run_id
          and t.step = p_step
          and t.item = p_item
          and t.fence = p_fence
          and t.state = 'RUNNING');
end;
$$;

-- complete_in_transaction: complete_tasks for one task, in the transaction in which its handler wrote: the commit is the
-- completion, of both or of neither.
--
-- When the report is stale the caller rolls back, and nothing was written. Raises PF060
-- when this is not the transaction that open_transaction marked: the handler has ended that one, and what it wrote may be committed.
-- Locks: as complete_tasks, held until the caller commits, which he does next.

create or replace function pgflow.complete_in_transaction(
    p_worker_id  bigint,
    p_run_id     uuid,
    p_step       smallint,
    p_item       int,
    p_fence      int,
    p_output     jsonb,
    out stale          int[],
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
begin
    if pg_catalog.current_setting('pgflow.transaction', true)
        is distinct from pgflow._transaction_mark(p_run_id, p_step, p_item, p_fence)
    then
        raise exception 'the transaction of the task has been ended by its handler'
            using errcode = 'PF060',
                  hint = 'Neither commit nor roll back in a transactional handler, by statements or otherwise: returning commits, throwing rolls back.';
    end if;

    -- To complete_tasks a repeated report is no stale one. Here it is: what was written with it would be written twice.
    perform pgflow._lock_runs_that_may_end(array[p_run_id], array[p_step], array[p_item]);
    perform 1
    from pgflow.tasks t
    where t.run_id = p_run_id
      and t.step = p_step
      and t.item = p_item
      and t.fence = p_fence
      and t.state = 'RUNNING'
      and t.deferred is null
    for no key update of t;
    if not found then
        stale := '{1}';
        to_settle := false;
        return;
    end if;

    select c.stale, c.ended_run_ids, c.woken_queues, c.to_settle
    into stale, ended_run_ids, woken_queues, to_settle
    from pgflow.complete_tasks(
        p_worker_id, array[p_run_id], array[p_step], array[p_item], array[p_fence], array[p_output]) c;
end;
$$;

-- _transaction_mark: what open_transaction leaves in a setting of the transaction.

create or replace function pgflow._transaction_mark(
    p_run_id  uuid,
    p_step    smallint,
    p_item    int,
    p_fence   int
)
returns text
language sql
immutable
as $$
    select p_run_id::text || ' ' || p_step || ' ' || p_item || ' ' || p_fence;
$$;
