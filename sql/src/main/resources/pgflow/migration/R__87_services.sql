-- jobs: runs of workflows of a single step, with the output of that step. What a job reads is its run's input.

create or replace view pgflow.jobs as
select r.run_id as job_id,
       w.name as type,
       r.state as status,
       r.created_at,
       r.ended_at as completed_at,
       t.output as result
from pgflow.runs r
join pgflow.workflows w on w.workflow_id = r.workflow_id
join pgflow.tasks t on t.run_id = r.run_id and t.step = 1 and t.item = 0
where w.sinks = 1
  and w.name not like '%$undo'
  and not exists (
      select
      from pgflow.steps s
      where s.workflow_id = r.workflow_id
        and s.step = 2);

-- service_results: calls of services: what was asked, what came back, and when. A service is a workflow of a single step named `call`, whose
-- handler has the name of the service. started_at is when the first worker took it.

create or replace view pgflow.service_results as
select r.run_id as call_id,
       s.handler as service,
       r.state as status,
       r.input as request,
       t.output as result,
       t.error,
       r.created_at as called_at,
       (select min(a.at)
        from pgflow.audit a
        where a.run_id = r.run_id
          and a.step = 1
          and a.transition = 4) as started_at,
       r.ended_at as completed_at
from pgflow.runs r
join pgflow.workflows w on w.workflow_id = r.workflow_id and w.name not like '%$undo'
join pgflow.steps s on s.workflow_id = r.workflow_id and s.step = 1 and s.name = 'call'
join pgflow.tasks t on t.run_id = r.run_id and t.step = 1 and t.item = 0
where not exists (
      select
      from pgflow.steps o
      where o.workflow_id = r.workflow_id
        and o.step = 2);
