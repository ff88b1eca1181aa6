--
-- PostgreSQL database dump
--

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: procrastinate; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA procrastinate;

--
-- Name: procrastinate_job_event_type; Type: TYPE; Schema: procrastinate; Owner: -
--

CREATE TYPE procrastinate.procrastinate_job_event_type AS ENUM (
    'deferred',
    'started',
    'deferred_for_retry',
    'failed',
    'succeeded',
    'cancelled',
    'abort_requested',
    'aborted',
    'scheduled',
    'retried'
);

--
-- Name: procrastinate_job_status; Type: TYPE; Schema: procrastinate; Owner: -
--

CREATE TYPE procrastinate.procrastinate_job_status AS ENUM (
    'todo',
    'doing',
    'succeeded',
    'failed',
    'cancelled',
    'aborting',
    'aborted'
);

--
-- Name: procrastinate_job_to_defer_v1; Type: TYPE; Schema: procrastinate; Owner: -
--

CREATE TYPE procrastinate.procrastinate_job_to_defer_v1 AS (
	queue_name character varying,
	task_name character varying,
	priority integer,
	lock text,
	queueing_lock text,
	args jsonb,
	scheduled_at timestamp with time zone
);

--
-- Name: arrival_state; Type: TYPE; Schema: public; Owner: -
--

CREATE TYPE public.arrival_state AS ENUM (
    'waiting',
    'understood',
    'not-understood',
    'corrected',
    'discarded'
);

--
-- Name: batch_item_state; Type: TYPE; Schema: public; Owner: -
--

CREATE TYPE public.batch_item_state AS ENUM (
    'waiting',
    'done',
    'failed'
);

--
-- Name: batch_state; Type: TYPE; Schema: public; Owner: -
--

CREATE TYPE public.batch_state AS ENUM (
    'running',
    'paused',
    'cancelled',
    'completed'
);

--
-- Name: delivery_state; Type: TYPE; Schema: public; Owner: -
--

CREATE TYPE public.delivery_state AS ENUM (
    'waiting',
    'dead'
);

--
-- Name: export_state; Type: TYPE; Schema: public; Owner: -
--

CREATE TYPE public.export_state AS ENUM (
    'open',
    'done',
    'failed'
);

--
-- Name: import_state; Type: TYPE; Schema: public; Owner: -
--

CREATE TYPE public.import_state AS ENUM (
    'matched',
    'unknown',
    'settled'
);

--
-- Name: inbox_state; Type: TYPE; Schema: public; Owner: -
--

CREATE TYPE public.inbox_state AS ENUM (
    'open',
    'assigned',
    'dismissed'
);

--
-- Name: instance_status; Type: TYPE; Schema: public; Owner: -
--

CREATE TYPE public.instance_status AS ENUM (
    'active',
    'suspended',
    'completed',
    'terminated'
);

--
-- Name: job_state; Type: TYPE; Schema: public; Owner: -
--

CREATE TYPE public.job_state AS ENUM (
    'waiting',
    'running',
    'failed'
);

--
-- Name: message_state; Type: TYPE; Schema: public; Owner: -
--

CREATE TYPE public.message_state AS ENUM (
    'published',
    'buffered',
    'delivered',
    'expired',
    'failed'
);

--
-- Name: subscription_status; Type: TYPE; Schema: public; Owner: -
--

CREATE TYPE public.subscription_status AS ENUM (
    'requested',
    'active',
    'error',
    'off'
);

--
-- Name: user_task_state; Type: TYPE; Schema: public; Owner: -
--

CREATE TYPE public.user_task_state AS ENUM (
    'created',
    'claimed',
    'completed',
    'cancelled'
);

--
-- Name: procrastinate_cancel_job_v1(bigint, boolean, boolean); Type: FUNCTION; Schema: procrastinate; Owner: -
--

CREATE FUNCTION procrastinate.procrastinate_cancel_job_v1(job_id bigint, abort boolean, delete_job boolean) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'procrastinate', 'public'
    AS $$
DECLARE
    _job_id bigint;
BEGIN
    IF delete_job THEN
        DELETE FROM procrastinate_jobs
        WHERE id = job_id AND status = 'todo'
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        IF abort THEN
            UPDATE procrastinate_jobs
            SET abort_requested = true,
                status = CASE status
                    WHEN 'todo' THEN 'cancelled'::procrastinate_job_status ELSE status
                END
            WHERE id = job_id AND status IN ('todo', 'doing')
            RETURNING id INTO _job_id;
        ELSE
            UPDATE procrastinate_jobs
            SET status = 'cancelled'::procrastinate_job_status
            WHERE id = job_id AND status = 'todo'
            RETURNING id INTO _job_id;
        END IF;
    END IF;
    RETURN _job_id;
END;
$$;

--
-- Name: procrastinate_defer_jobs_v1(procrastinate.procrastinate_job_to_defer_v1[]); Type: FUNCTION; Schema: procrastinate; Owner: -
--

CREATE FUNCTION procrastinate.procrastinate_defer_jobs_v1(jobs procrastinate.procrastinate_job_to_defer_v1[]) RETURNS bigint[]
    LANGUAGE plpgsql
    SET search_path TO 'procrastinate', 'public'
    AS $$
DECLARE
    job_ids bigint[];
BEGIN
    WITH inserted_jobs AS (
        INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
        SELECT (job).queue_name,
               (job).task_name,
               (job).priority,
               (job).lock,
               (job).queueing_lock,
               (job).args,
               (job).scheduled_at
        FROM unnest(jobs) AS job
        RETURNING id
    )
    SELECT array_agg(id) FROM inserted_jobs INTO job_ids;

    RETURN job_ids;
END;
$$;

--
-- Name: procrastinate_defer_periodic_job_v2(character varying, character varying, character varying, character varying, integer, character varying, bigint, jsonb); Type: FUNCTION; Schema: procrastinate; Owner: -
--

CREATE FUNCTION procrastinate.procrastinate_defer_periodic_job_v2(_queue_name character varying, _lock character varying, _queueing_lock character varying, _task_name character varying, _priority integer, _periodic_id character varying, _defer_timestamp bigint, _args jsonb) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'procrastinate', 'public'
    AS $$
DECLARE
	_job_id bigint;
	_defer_id bigint;
BEGIN
    INSERT
        INTO procrastinate_periodic_defers (task_name, periodic_id, defer_timestamp)
        VALUES (_task_name, _periodic_id, _defer_timestamp)
        ON CONFLICT DO NOTHING
        RETURNING id into _defer_id;

    IF _defer_id IS NULL THEN
        RETURN NULL;
    END IF;

    UPDATE procrastinate_periodic_defers
        SET job_id = (
            SELECT COALESCE((
                SELECT unnest(procrastinate_defer_jobs_v1(
                    ARRAY[
                        ROW(
                            _queue_name,
                            _task_name,
                            _priority,
                            _lock,
                            _queueing_lock,
                            _args,
                            NULL::timestamptz
                        )
                    ]::procrastinate_job_to_defer_v1[]
                ))
            ), NULL)
        )
        WHERE id = _defer_id
        RETURNING job_id INTO _job_id;

    DELETE
        FROM procrastinate_periodic_defers
        USING (
            SELECT id
            FROM procrastinate_periodic_defers
            WHERE procrastinate_periodic_defers.task_name = _task_name
            AND procrastinate_periodic_defers.periodic_id = _periodic_id
            AND procrastinate_periodic_defers.defer_timestamp < _defer_timestamp
            ORDER BY id
            FOR UPDATE
        ) to_delete
        WHERE procrastinate_periodic_defers.id = to_delete.id;

    RETURN _job_id;
END;
$$;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: procrastinate_jobs; Type: TABLE; Schema: procrastinate; Owner: -
--

CREATE TABLE procrastinate.procrastinate_jobs (
    id bigint NOT NULL,
    queue_name character varying(128) NOT NULL,
    task_name character varying(128) NOT NULL,
    priority integer DEFAULT 0 NOT NULL,
    lock text,
    queueing_lock text,
    args jsonb DEFAULT '{}'::jsonb NOT NULL,
    status procrastinate.procrastinate_job_status DEFAULT 'todo'::procrastinate.procrastinate_job_status NOT NULL,
    scheduled_at timestamp with time zone,
    attempts integer DEFAULT 0 NOT NULL,
    abort_requested boolean DEFAULT false NOT NULL,
    worker_id bigint,
    CONSTRAINT check_not_todo_abort_requested CHECK ((NOT ((status = 'todo'::procrastinate.procrastinate_job_status) AND (abort_requested = true))))
);

ALTER TABLE ONLY procrastinate.procrastinate_jobs FORCE ROW LEVEL SECURITY;

--
-- Name: procrastinate_fetch_job_v2(character varying[], bigint); Type: FUNCTION; Schema: procrastinate; Owner: -
--

CREATE FUNCTION procrastinate.procrastinate_fetch_job_v2(target_queue_names character varying[], p_worker_id bigint) RETURNS procrastinate.procrastinate_jobs
    LANGUAGE plpgsql
    SET search_path TO 'procrastinate', 'public'
    AS $$
DECLARE
	found_jobs procrastinate_jobs;
BEGIN
    WITH candidate AS (
        SELECT jobs.*
            FROM procrastinate_jobs AS jobs
            WHERE
                -- reject the job if its lock has earlier or higher priority jobs
                NOT EXISTS (
                    SELECT 1
                        FROM procrastinate_jobs AS other_jobs
                        WHERE
                            jobs.lock IS NOT NULL
                            AND other_jobs.lock = jobs.lock
                            AND (
                                -- job with same lock is already running
                                other_jobs.status = 'doing'
                                OR
                                -- job with same lock is waiting and has higher priority (or same priority but was queued first)
                                (
                                    other_jobs.status = 'todo'
                                    AND (
                                        other_jobs.priority > jobs.priority
                                        OR (
                                        other_jobs.priority = jobs.priority
                                        AND other_jobs.id < jobs.id
                                        )
                                    )
                                )
                            )
                )
                AND jobs.status = 'todo'
                AND (target_queue_names IS NULL OR jobs.queue_name = ANY( target_queue_names ))
                AND (jobs.scheduled_at IS NULL OR jobs.scheduled_at <= now())
            ORDER BY jobs.priority DESC, jobs.id ASC LIMIT 1
            FOR UPDATE OF jobs SKIP LOCKED
    )
    UPDATE procrastinate_jobs
        SET status = 'doing', worker_id = p_worker_id
        FROM candidate
        WHERE procrastinate_jobs.id = candidate.id
        RETURNING procrastinate_jobs.* INTO found_jobs;

 RETURN found_jobs;
END;
$$;

--
-- Name: procrastinate_finish_job_v1(bigint, procrastinate.procrastinate_job_status, boolean); Type: FUNCTION; Schema: procrastinate; Owner: -
--

CREATE FUNCTION procrastinate.procrastinate_finish_job_v1(job_id bigint, end_status procrastinate.procrastinate_job_status, delete_job boolean) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'procrastinate', 'public'
    AS $$
DECLARE
    _job_id bigint;
BEGIN
    IF end_status NOT IN ('succeeded', 'failed', 'aborted') THEN
        RAISE 'End status should be either "succeeded", "failed" or "aborted" (job id: %)', job_id;
    END IF;
    IF delete_job THEN
        DELETE FROM procrastinate_jobs
        WHERE id = job_id AND status IN ('todo', 'doing')
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = end_status,
            abort_requested = false,
            attempts = CASE status
                WHEN 'doing' THEN attempts + 1 ELSE attempts
            END
        WHERE id = job_id AND status IN ('todo', 'doing')
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        RAISE 'Job was not found or not in "doing" or "todo" status (job id: %)', job_id;
    END IF;
END;
$$;

--
-- Name: procrastinate_notify_queue_abort_job_v1(); Type: FUNCTION; Schema: procrastinate; Owner: -
--

CREATE FUNCTION procrastinate.procrastinate_notify_queue_abort_job_v1() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'procrastinate', 'public'
    AS $$
DECLARE
    payload TEXT;
BEGIN
    SELECT json_build_object('type', 'abort_job_requested', 'job_id', NEW.id)::text INTO payload;
	PERFORM pg_notify('procrastinate_queue_v1#' || NEW.queue_name, payload);
	PERFORM pg_notify('procrastinate_any_queue_v1', payload);
	RETURN NEW;
END;
$$;

--
-- Name: procrastinate_notify_queue_job_inserted_v1(); Type: FUNCTION; Schema: procrastinate; Owner: -
--

CREATE FUNCTION procrastinate.procrastinate_notify_queue_job_inserted_v1() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'procrastinate', 'public'
    AS $$
DECLARE
    payload TEXT;
BEGIN
    SELECT json_build_object('type', 'job_inserted', 'job_id', NEW.id)::text INTO payload;
	PERFORM pg_notify('procrastinate_queue_v1#' || NEW.queue_name, payload);
	PERFORM pg_notify('procrastinate_any_queue_v1', payload);
	RETURN NEW;
END;
$$;

--
-- Name: procrastinate_prune_stalled_workers_v1(double precision); Type: FUNCTION; Schema: procrastinate; Owner: -
--

CREATE FUNCTION procrastinate.procrastinate_prune_stalled_workers_v1(seconds_since_heartbeat double precision) RETURNS TABLE(worker_id bigint)
    LANGUAGE plpgsql
    SET search_path TO 'procrastinate', 'public'
    AS $$
BEGIN
    RETURN QUERY
    DELETE FROM procrastinate_workers
    WHERE last_heartbeat < NOW() - (seconds_since_heartbeat || 'SECOND')::INTERVAL
    RETURNING procrastinate_workers.id;
END;
$$;

--
-- Name: procrastinate_register_worker_v1(); Type: FUNCTION; Schema: procrastinate; Owner: -
--

CREATE FUNCTION procrastinate.procrastinate_register_worker_v1() RETURNS TABLE(worker_id bigint)
    LANGUAGE plpgsql
    SET search_path TO 'procrastinate', 'public'
    AS $$
BEGIN
    RETURN QUERY
    INSERT INTO procrastinate_workers DEFAULT VALUES
    RETURNING procrastinate_workers.id;
END;
$$;

--
-- Name: procrastinate_retry_job_v1(bigint, timestamp with time zone, integer, character varying, character varying); Type: FUNCTION; Schema: procrastinate; Owner: -
--

CREATE FUNCTION procrastinate.procrastinate_retry_job_v1(job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying, new_lock character varying) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'procrastinate', 'public'
    AS $$
DECLARE
    _job_id bigint;
    _abort_requested boolean;
BEGIN
    SELECT abort_requested FROM procrastinate_jobs
    WHERE id = job_id AND status = 'doing'
    FOR UPDATE
    INTO _abort_requested;
    IF _abort_requested THEN
        UPDATE procrastinate_jobs
        SET status = 'failed'::procrastinate_job_status
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = 'todo'::procrastinate_job_status,
            attempts = attempts + 1,
            scheduled_at = retry_at,
            priority = COALESCE(new_priority, priority),
            queue_name = COALESCE(new_queue_name, queue_name),
            lock = COALESCE(new_lock, lock)
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    END IF;

    IF _job_id IS NULL THEN
        RAISE 'Job was not found or not in "doing" status (job id: %)', job_id;
    END IF;
END;
$$;

--
-- Name: procrastinate_retry_job_v2(bigint, timestamp with time zone, integer, character varying, character varying); Type: FUNCTION; Schema: procrastinate; Owner: -
--

CREATE FUNCTION procrastinate.procrastinate_retry_job_v2(job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying, new_lock character varying) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'procrastinate', 'public'
    AS $$
DECLARE
    _job_id bigint;
    _abort_requested boolean;
    _current_status procrastinate_job_status;
BEGIN
    SELECT status, abort_requested FROM procrastinate_jobs
    WHERE id = job_id AND status IN ('doing', 'failed')
    FOR UPDATE
    INTO _current_status, _abort_requested;
    IF _current_status = 'doing' AND _abort_requested THEN
        UPDATE procrastinate_jobs
        SET status = 'failed'::procrastinate_job_status
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = 'todo'::procrastinate_job_status,
            attempts = attempts + 1,
            scheduled_at = retry_at,
            priority = COALESCE(new_priority, priority),
            queue_name = COALESCE(new_queue_name, queue_name),
            lock = COALESCE(new_lock, lock)
        WHERE id = job_id AND status IN ('doing', 'failed')
        RETURNING id INTO _job_id;
    END IF;

    IF _job_id IS NULL THEN
        RAISE 'Job was not found or has an invalid status to retry (job id: %)', job_id;
    END IF;

END;
$$;

--
-- Name: procrastinate_trigger_abort_requested_events_procedure_v1(); Type: FUNCTION; Schema: procrastinate; Owner: -
--

CREATE FUNCTION procrastinate.procrastinate_trigger_abort_requested_events_procedure_v1() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'procrastinate', 'public'
    AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type)
        VALUES (NEW.id, 'abort_requested'::procrastinate_job_event_type);
    RETURN NEW;
END;
$$;

--
-- Name: procrastinate_trigger_function_scheduled_events_v1(); Type: FUNCTION; Schema: procrastinate; Owner: -
--

CREATE FUNCTION procrastinate.procrastinate_trigger_function_scheduled_events_v1() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'procrastinate', 'public'
    AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type, at)
        VALUES (NEW.id, 'scheduled'::procrastinate_job_event_type, NEW.scheduled_at);

	RETURN NEW;
END;
$$;

--
-- Name: procrastinate_trigger_function_status_events_insert_v1(); Type: FUNCTION; Schema: procrastinate; Owner: -
--

CREATE FUNCTION procrastinate.procrastinate_trigger_function_status_events_insert_v1() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'procrastinate', 'public'
    AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type)
        VALUES (NEW.id, 'deferred'::procrastinate_job_event_type);
	RETURN NEW;
END;
$$;

--
-- Name: procrastinate_trigger_function_status_events_update_v1(); Type: FUNCTION; Schema: procrastinate; Owner: -
--

CREATE FUNCTION procrastinate.procrastinate_trigger_function_status_events_update_v1() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'procrastinate', 'public'
    AS $$
BEGIN
    WITH t AS (
        SELECT CASE
            WHEN OLD.status = 'todo'::procrastinate_job_status
                AND NEW.status = 'doing'::procrastinate_job_status
                THEN 'started'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'todo'::procrastinate_job_status
                THEN 'deferred_for_retry'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'failed'::procrastinate_job_status
                THEN 'failed'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'succeeded'::procrastinate_job_status
                THEN 'succeeded'::procrastinate_job_event_type
            WHEN OLD.status = 'todo'::procrastinate_job_status
                AND (
                    NEW.status = 'cancelled'::procrastinate_job_status
                    OR NEW.status = 'failed'::procrastinate_job_status
                    OR NEW.status = 'succeeded'::procrastinate_job_status
                )
                THEN 'cancelled'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'aborted'::procrastinate_job_status
                THEN 'aborted'::procrastinate_job_event_type
            WHEN OLD.status = 'failed'::procrastinate_job_status
                AND NEW.status = 'todo'::procrastinate_job_status
                THEN 'retried'::procrastinate_job_event_type
            ELSE NULL
        END as event_type
    )
    INSERT INTO procrastinate_events(job_id, type)
        SELECT NEW.id, t.event_type
        FROM t
        WHERE t.event_type IS NOT NULL;
	RETURN NEW;
END;
$$;

--
-- Name: procrastinate_unlink_periodic_defers_v1(); Type: FUNCTION; Schema: procrastinate; Owner: -
--

CREATE FUNCTION procrastinate.procrastinate_unlink_periodic_defers_v1() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'procrastinate', 'public'
    AS $$
BEGIN
    UPDATE procrastinate_periodic_defers
    SET job_id = NULL
    WHERE job_id = OLD.id;
    RETURN OLD;
END;
$$;

--
-- Name: procrastinate_unregister_worker_v1(bigint); Type: FUNCTION; Schema: procrastinate; Owner: -
--

CREATE FUNCTION procrastinate.procrastinate_unregister_worker_v1(worker_id bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'procrastinate', 'public'
    AS $$
BEGIN
    DELETE FROM procrastinate_workers
    WHERE id = worker_id;
END;
$$;

--
-- Name: procrastinate_update_heartbeat_v1(bigint); Type: FUNCTION; Schema: procrastinate; Owner: -
--

CREATE FUNCTION procrastinate.procrastinate_update_heartbeat_v1(worker_id bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'procrastinate', 'public'
    AS $$
BEGIN
    UPDATE procrastinate_workers
    SET last_heartbeat = NOW()
    WHERE id = worker_id;
END;
$$;

--
-- Name: all_indicator_rows(text, date, date, timestamp with time zone, integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.all_indicator_rows(p_region text, p_from date, p_to date, p_now timestamp with time zone, p_ddi integer) RETURNS TABLE(indicator text, instance_id uuid, pregnancy_id text, organisation text, happened_on date, numerator integer, denominator integer, reason text, protected boolean, value numeric)
    LANGUAGE sql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
SELECT r.indicator, r.instance_id, r.pregnancy_id, r.organisation, r.happened_on, r.numerator, r.denominator, r.reason,
       r.protected, r.value FROM indicator_rows(p_region, p_from, p_to, p_now, p_ddi) r
UNION ALL
SELECT l.indicator, l.instance_id, l.pregnancy_id, l.organisation, l.happened_on, l.numerator, l.denominator, l.reason,
       l.protected, l.value FROM later_indicator_rows(p_region, p_from, p_to, p_now) l
$$;

--
-- Name: all_labels(text[], text[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.all_labels(p_had text[], p_has text[]) RETURNS text[]
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
    SELECT ARRAY(SELECT DISTINCT label FROM unnest(p_had || p_has) AS label ORDER BY label)
$$;

--
-- Name: audit_is_append_only(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.audit_is_append_only() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    RAISE EXCEPTION 'audit rows are never changed';
END $$;

--
-- Name: begin_people_epoch(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.begin_people_epoch() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    UPDATE people_epoch SET epoch = gen_random_uuid();
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no row of people_epoch can be seen: what was remembered would go on counting';
    END IF;
    RETURN NULL;
END $$;

--
-- Name: birth_mode(text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.birth_mode(p_region text, p_pregnancy text) RETURNS TABLE(mode text, indicated boolean)
    LANGUAGE sql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $_$
WITH told AS (
    SELECT 1 AS rank, f.updated_at,
           (SELECT a #>> '{valueCoding,code}' FROM form_answers(f.body, 'delivery_mode') a LIMIT 1) AS mode,
           (SELECT a #>> '{valueCoding,code}' FROM form_answers(f.body, 'cs_reason') a LIMIT 1) AS reason
      FROM stored_forms(p_region, p_pregnancy, 'delivery') f
    UNION ALL
    SELECT 2, f.updated_at, (SELECT a #>> '{valueCoding,code}' FROM form_answers(f.body, 'birth_mode') a LIMIT 1), NULL
      FROM stored_forms(p_region, p_pregnancy, 'birth-observation') f
    UNION ALL
    SELECT 3, f.updated_at, 'cs', 'yes' FROM stored_forms(p_region, p_pregnancy, 'cs-times') f
    UNION ALL
    SELECT 4, r.updated_at,
           CASE WHEN c.code LIKE '74.%' OR c.code = '11466000' THEN 'cs'
                WHEN c.code LIKE '72.%' OR c.code LIKE '73.%' THEN 'other' END, NULL
      FROM resource r
      JOIN resource_version x ON x.region_id = r.region_id AND x.type = r.type AND x.id = r.id AND x.version = r.version
     CROSS JOIN LATERAL (SELECT jsonb_path_query(x.body::jsonb, '$.code.coding[*].code') #>> '{}' AS code) c
     WHERE r.region_id = p_region AND r.type = 'Procedure' AND r.episode_id = p_pregnancy AND NOT r.deleted
       AND x.body LIKE '%"status":"completed"%'
)
SELECT t.mode, CASE t.reason WHEN 'yes' THEN true WHEN 'none' THEN false END
  FROM told t WHERE t.mode IS NOT NULL ORDER BY t.rank, t.updated_at DESC LIMIT 1
$_$;

--
-- Name: civil_date(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.civil_date(p_text text) RETURNS date
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'public', 'pg_temp'
    AS $_$
SELECT CASE WHEN p_text ~ '^\d{4}-\d{2}-\d{2}$' THEN p_text::date
            WHEN p_text ~ '^\d{4}-\d{2}-\d{2}T' THEN (p_text::timestamptz AT TIME ZONE 'Asia/Shanghai')::date END
$_$;

--
-- Name: claim_batch_items(text, integer, timestamp with time zone, interval); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.claim_batch_items(p_region text, p_limit integer, p_now timestamp with time zone, p_lock_for interval) RETURNS TABLE(batch uuid, operation text, parameters jsonb, created_by jsonb, instance uuid, attempts smallint)
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    b       batch%ROWTYPE;
    v_clock timestamptz := clock_timestamp();
    v_from  timestamptz;
    v_count integer;
BEGIN
    SELECT * INTO b FROM batch t
     WHERE t.region_id = p_region AND t.state = 'running' AND t.paced_at <= v_clock
     ORDER BY t.paced_at LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    v_from := greatest(b.paced_at, v_clock - interval '250 milliseconds');   -- unused time is not saved up
    v_count := least(p_limit, 1 + floor(extract(epoch FROM v_clock - v_from) * b.rate)::integer);
    RETURN QUERY
        UPDATE batch_item i SET attempts = i.attempts + 1, locked_until = v_clock + p_lock_for
         WHERE i.region_id = p_region AND i.batch_id = b.id AND i.state = 'waiting'
           AND i.instance_id = ANY (ARRAY(
               SELECT w.instance_id FROM batch_item w
                WHERE w.region_id = p_region AND w.batch_id = b.id AND w.state = 'waiting'
                  AND (w.locked_until IS NULL OR w.locked_until < v_clock)
                ORDER BY w.instance_id LIMIT v_count FOR UPDATE SKIP LOCKED))
        RETURNING b.id, b.operation, b.parameters, b.created_by, i.instance_id, i.attempts;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    IF v_count = 0 AND NOT EXISTS (SELECT FROM batch_item w WHERE w.region_id = p_region AND w.batch_id = b.id
                                                              AND w.state = 'waiting') THEN
        UPDATE batch t SET state = 'completed', ended_at = p_now WHERE t.region_id = p_region AND t.id = b.id;
    ELSE
        UPDATE batch t SET paced_at = v_from + make_interval(secs => greatest(v_count, 1) / b.rate)
         WHERE t.region_id = p_region AND t.id = b.id;
    END IF;
END $$;

--
-- Name: counted_indicator_rows(text, date, date, timestamp with time zone, integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.counted_indicator_rows(p_region text, p_from date, p_to date, p_now timestamp with time zone, p_ddi integer) RETURNS TABLE(indicator text, instance_id uuid, pregnancy_id text, organisation text, happened_on date, numerator integer, denominator integer, reason text, protected boolean, value numeric)
    LANGUAGE sql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
SELECT a.indicator, a.instance_id, a.pregnancy_id, a.organisation, a.happened_on, a.numerator, a.denominator, a.reason,
       a.protected, a.value FROM all_indicator_rows(p_region, p_from, p_to, p_now, p_ddi) a
UNION ALL
SELECT d.indicator, d.instance_id, d.pregnancy_id, d.organisation, d.happened_on, d.numerator, d.denominator, d.reason,
       d.protected, d.value FROM institution_indicator_rows(p_region, p_from, p_to, p_now) d
$$;

--
-- Name: every_indicator_row(text, date, date, timestamp with time zone, integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.every_indicator_row(p_region text, p_from date, p_to date, p_now timestamp with time zone, p_ddi integer) RETURNS TABLE(indicator text, instance_id uuid, pregnancy_id text, organisation text, happened_on date, numerator integer, denominator integer, reason text, protected boolean, value numeric)
    LANGUAGE sql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
SELECT c.indicator, c.instance_id, c.pregnancy_id, c.organisation, c.happened_on, c.numerator, c.denominator, c.reason,
       c.protected, c.value
  FROM counted_indicator_rows(p_region, p_from, p_to, p_now, p_ddi) c WHERE c.indicator NOT IN ('I-19', 'I-08')
UNION ALL
SELECT m.indicator, m.instance_id, m.pregnancy_id, m.organisation, m.happened_on, m.numerator, m.denominator, m.reason,
       m.protected, m.value FROM measure_indicator_rows(p_region, p_from, p_to, p_now) m
UNION ALL
SELECT r.indicator, r.instance_id, r.pregnancy_id, r.organisation, r.happened_on, r.numerator, r.denominator, r.reason,
       r.protected, r.value FROM report_indicator_rows(p_region, p_from, p_to, p_now) r
$$;

--
-- Name: form_answers(jsonb, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.form_answers(p_body jsonb, p_link text) RETURNS SETOF jsonb
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'public', 'pg_temp'
    AS $_$
SELECT jsonb_path_query(p_body, '$.** ? (@.linkId == $link).answer[*]', jsonb_build_object('link', p_link))
$_$;

--
-- Name: given_is_apart(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.given_is_apart() RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'public', 'pg_temp'
    AS $$SELECT true$$;

--
-- Name: goes_now_by(text, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.goes_now_by(p_region text, p_kind text, p_id text) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path TO 'public', 'pg_temp'
    AS $$
    SELECT coalesce(
        (SELECT survivor_id FROM merged_record WHERE region_id = p_region AND kind = p_kind AND old_id = p_id), p_id);
$$;

--
-- Name: imported_counts(text, date, date); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.imported_counts(p_region text, p_from date, p_to date) RETURNS TABLE(indicator text, organisation text, first date, last date, numerator integer, denominator integer, said_by text)
    LANGUAGE sql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
SELECT DISTINCT ON (r.body ->> 'indicator', r.body ->> 'organisation', r.body ->> 'first', r.happened_on)
       r.body ->> 'indicator', r.body ->> 'organisation', (r.body ->> 'first')::date, r.happened_on,
       (r.body ->> 'numerator')::integer, (r.body ->> 'denominator')::integer, r.body ->> 'said_by'
  FROM import_row r JOIN import_batch b ON b.region_id = r.region_id AND b.id = r.batch_id AND b.source = 'counts'
 WHERE r.region_id = p_region AND (r.body ->> 'first')::date >= p_from AND r.happened_on <= p_to
 ORDER BY r.body ->> 'indicator', r.body ->> 'organisation', r.body ->> 'first', r.happened_on, b.imported_at DESC, r.number DESC
$$;

--
-- Name: indicator_rows(text, date, date, timestamp with time zone, integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.indicator_rows(p_region text, p_from date, p_to date, p_now timestamp with time zone, p_ddi integer) RETURNS TABLE(indicator text, instance_id uuid, pregnancy_id text, organisation text, happened_on date, numerator integer, denominator integer, reason text, protected boolean, value numeric)
    LANGUAGE sql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
WITH woman AS MATERIALIZED (
    SELECT i.id, i.business_key AS pregnancy_id, i.variables AS v,
           i.variables ->> 'home_organisation' AS home, i.variables ->> 'hospital_organisation' AS hospital,
           civil_date(i.variables ->> 'registered_on') AS registered_on,
           civil_date(i.variables ->> 'screened_on') AS screened_on,
           civil_date(i.variables ->> 'delivered_on') AS delivered_on,
           civil_date(i.variables ->> 'discharged_at') AS discharged_on,
           civil_date(i.variables ->> 'visited_on') AS visited_on,
           civil_date(i.variables ->> 'checked_on') AS checked_on,
           civil_date(i.variables ->> 'ended_on') AS ended_on, i.variables ->> 'end_code' AS end_code,
           CASE WHEN jsonb_typeof(i.variables -> 'visits') = 'array' THEN jsonb_array_length(i.variables -> 'visits') ELSE 0 END AS visits_told,
           (SELECT count(*)::integer FROM jsonb_array_elements(
                CASE WHEN jsonb_typeof(i.variables -> 'fetuses') = 'array' THEN i.variables -> 'fetuses' ELSE '[]' END) f
             WHERE f ->> 'outcome' IN ('live_birth', 'neonatal_death')) AS born_alive
      FROM instance i
     WHERE i.region_id = p_region AND i.definition_key = 'pregnancy_journey'
       AND i.variables ->> 'end_code' IS DISTINCT FROM 'void'
), grading AS MATERIALIZED (
    SELECT w.id, g.number, civil_date(g.said ->> 'graded_at') AS graded_on,
           least(civil_date(coalesce(g.said ->> 'amends', g.said ->> 'graded_at')),
                 (SELECT min(civil_date(e ->> 'graded_at')) FROM jsonb_array_elements(
                      CASE WHEN jsonb_typeof(w.v -> 'gradings_in_error') = 'array'
                           THEN w.v -> 'gradings_in_error' ELSE '[]' END) e)) AS first_on,
           g.said ->> 'colour' = ANY(c.colours) AS by_colour,
           coalesce((g.said ->> 'purple')::boolean, false) AND 'purple' = ANY(c.colours) AS by_purple
      FROM woman w
     CROSS JOIN LATERAL (SELECT array(SELECT jsonb_array_elements_text(coalesce(
                w.v #> '{policy,case_file_colours}', '["orange", "red", "purple"]'))) AS colours) c
     CROSS JOIN LATERAL jsonb_array_elements(
                CASE WHEN jsonb_typeof(w.v -> 'gradings') = 'array' THEN w.v -> 'gradings' ELSE '[]' END)
                WITH ORDINALITY AS g(said, number)
), first_grading AS (
    SELECT g.id, min(g.first_on) AS graded_on FROM grading g GROUP BY g.id
), high_risk AS (
    SELECT g.id, min(g.graded_on) AS found_on, NOT bool_or(g.by_colour) AS protected
      FROM grading g WHERE g.by_colour OR g.by_purple GROUP BY g.id
), task AS MATERIALIZED (
    SELECT t.instance_id, t.element_id, t.state::text AS state, t.organisation, t.due_at, t.created_at,
           CASE WHEN t.state = 'completed' THEN t.completed_at END AS done_at
      FROM user_task t
     WHERE t.region_id = p_region AND t.definition_key = 'pregnancy_journey'
       AND t.element_id IN ('task_report_risk', 'task_refer_positive', 'task_return_slip', 'task_request_transfer',
                            'task_transfer_result', 'task_refer_after_visit', 'task_refer_postnatal', 'task_meet_face_to_face')
), birth AS MATERIALIZED (
    SELECT w.*, CASE WHEN w.visits_told >= 5 THEN w.visits_told
                     ELSE greatest(w.visits_told, visits_done(p_region, w.id, w.pregnancy_id)) END AS visits, d.mode, d.category, d.place, d.minutes,
           EXISTS (SELECT FROM history h JOIN client c ON c.region_id = h.region_id AND c.name = h.by
                    WHERE h.region_id = p_region AND h.instance_id = w.id
                      AND h.element_id = 'event_delivered' AND h.event = 'received') AS told_by_hospital
      FROM woman w
      LEFT JOIN LATERAL (
        SELECT (SELECT a #>> '{valueCoding,code}' FROM form_answers(f.body, 'delivery_mode') a LIMIT 1) AS mode,
               (SELECT a #>> '{valueCoding,code}' FROM form_answers(f.body, 'cs_category') a LIMIT 1) AS category,
               (SELECT a #>> '{valueCoding,code}' FROM form_answers(f.body, 'delivery_place') a LIMIT 1) AS place,
               (SELECT (a #>> '{valueQuantity,value}')::numeric FROM form_answers(f.body, 'ddi_minutes') a LIMIT 1) AS minutes
          FROM (SELECT x.body::jsonb AS body
                  FROM resource r
                  JOIN resource_version x ON x.region_id = r.region_id AND x.type = r.type AND x.id = r.id AND x.version = r.version
                 WHERE r.region_id = p_region AND r.type = 'QuestionnaireResponse' AND r.episode_id = w.pregnancy_id
                   AND NOT r.deleted AND x.body LIKE '%/Questionnaire/delivery|%'
                   AND x.body NOT LIKE '%"status":"entered-in-error"%'
                 ORDER BY r.updated_at DESC LIMIT 1) f) d ON true
     WHERE w.delivered_on BETWEEN p_from AND p_to AND w.end_code IS DISTINCT FROM 'ended.abortion'
), positive AS (
    SELECT w.*, coalesce((w.v #>> '{policy,referral_within}')::interval, '14 days') AS within, g.graded_on
      FROM woman w LEFT JOIN first_grading g ON g.id = w.id
     WHERE w.v ->> 'screening' = 'positive' AND w.screened_on BETWEEN p_from AND p_to
), risky AS (
    SELECT w.*, h.found_on, h.protected,
           w.end_code = 'ended.abortion' AND w.ended_on <= p_to AS left_early
      FROM woman w JOIN high_risk h ON h.id = w.id WHERE h.found_on BETWEEN p_from AND p_to
), referral AS (
    SELECT w.id, w.pregnancy_id, w.home,
           coalesce((w.v #>> '{policy,referral_result_within}')::interval, '14 days') AS within, (t.begun_at AT TIME ZONE 'Asia/Shanghai')::date AS referred_on, t.begun_at, t.done_at
      FROM (SELECT r.instance_id, coalesce(r.done_at, r.created_at) AS begun_at,
                   (SELECT min(a.done_at) FROM task a
                     WHERE a.instance_id = r.instance_id AND a.done_at >= r.done_at
                       AND a.element_id = CASE r.element_id WHEN 'task_refer_positive' THEN 'task_return_slip'
                                                            ELSE 'task_transfer_result' END) AS done_at
              FROM task r
             WHERE r.element_id IN ('task_refer_positive', 'task_request_transfer') AND r.done_at IS NOT NULL
            UNION ALL
            SELECT r.instance_id, r.created_at, r.done_at FROM task r
             WHERE r.element_id IN ('task_refer_after_visit', 'task_refer_postnatal') AND r.state <> 'cancelled') t
      JOIN woman w ON w.id = t.instance_id
)
SELECT 'I-01', b.id, b.pregnancy_id, b.home, b.delivered_on, 0, b.born_alive,
       CASE WHEN b.born_alive = 0 THEN 'no_live_birth' END, false, NULL::numeric
  FROM birth b
UNION ALL
SELECT 'I-01', w.id, w.pregnancy_id, w.home, w.ended_on, 1, 0, 'maternal_death', false, NULL
  FROM woman w WHERE w.end_code = 'ended.maternal_death' AND w.ended_on BETWEEN p_from AND p_to
UNION ALL
SELECT 'I-04', b.id, b.pregnancy_id, b.home, b.delivered_on, (b.born_alive > 0 AND m.missing IS NULL)::integer, b.born_alive,
       CASE WHEN b.born_alive = 0 THEN 'no_live_birth' ELSE m.missing END, false, NULL
  FROM birth b
 CROSS JOIN LATERAL (SELECT CASE
        WHEN b.v -> 'early_registration' IS DISTINCT FROM 'true' THEN 'first_check_late'
        WHEN b.visits < 5 THEN 'fewer_than_five_checks'
        WHEN NOT (b.told_by_hospital OR coalesce(b.place IN ('province_city_hospital', 'county_hospital', 'township'), false))
             THEN CASE WHEN b.place IS NULL THEN 'place_not_recorded' ELSE 'not_in_hospital' END
        WHEN b.visited_on IS NULL THEN 'not_visited'
        WHEN b.visited_on > b.delivered_on + 28 THEN 'visited_late' END AS missing) m
UNION ALL
SELECT 'I-05', b.id, b.pregnancy_id, b.home, b.delivered_on,
       (b.born_alive > 0 AND b.v -> 'early_registration' IS NOT DISTINCT FROM 'true')::integer, b.born_alive,
       CASE WHEN b.born_alive = 0 THEN 'no_live_birth'
            WHEN b.v -> 'early_registration' IS NULL OR b.v -> 'early_registration' = 'null' THEN 'first_check_missing'
            WHEN b.v -> 'early_registration' <> 'true' THEN 'first_check_late' END, false, NULL
  FROM birth b
UNION ALL
SELECT 'I-06', b.id, b.pregnancy_id, b.home, b.delivered_on, (b.born_alive > 0 AND b.visits >= 5)::integer, b.born_alive,
       CASE WHEN b.born_alive = 0 THEN 'no_live_birth' WHEN b.visits < 5 THEN 'fewer_than_five_checks' END, false, NULL
  FROM birth b
UNION ALL
SELECT 'I-07', b.id, b.pregnancy_id, b.home, b.delivered_on, (b.born_alive > 0 AND m.missing IS NULL)::integer, b.born_alive,
       CASE WHEN b.born_alive = 0 THEN 'no_live_birth' ELSE m.missing END, false, NULL
  FROM birth b
 CROSS JOIN LATERAL (SELECT CASE WHEN b.visited_on IS NULL THEN 'not_visited'
        WHEN b.discharged_on IS NULL THEN 'discharge_not_recorded'
        WHEN b.visited_on > b.discharged_on + 28 THEN 'visited_late' END AS missing) m
UNION ALL
SELECT 'I-08', b.id, b.pregnancy_id, b.home, b.delivered_on, (b.checked_on IS NOT NULL)::integer, 1,
       CASE WHEN b.checked_on IS NULL AND b.delivered_on + 56 >= (p_now AT TIME ZONE 'Asia/Shanghai')::date THEN 'not_due_yet'
            WHEN b.checked_on IS NULL THEN 'not_checked' END, false, NULL
  FROM birth b
UNION ALL
SELECT 'I-09', w.id, w.pregnancy_id, w.home, w.registered_on, issued.yes::integer, 1,
       CASE WHEN NOT issued.yes THEN 'no_handbook' END, false, NULL
  FROM woman w
 CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM resource_identity n
        WHERE n.region_id = p_region AND n.type = 'Patient' AND n.id = w.v ->> 'patient_id'
          AND n.system LIKE '%/mch-handbook') AS yes) issued
 WHERE w.registered_on BETWEEN p_from AND p_to
UNION ALL
SELECT 'I-10', w.id, w.pregnancy_id, w.home, w.registered_on, (w.screened_on IS NOT NULL)::integer, 1,
       CASE WHEN w.screened_on IS NULL THEN 'not_screened' END, false, NULL
  FROM woman w WHERE w.registered_on BETWEEN p_from AND p_to
UNION ALL
SELECT 'I-11', p.id, p.pregnancy_id, p.home, p.screened_on, (coalesce(p.graded_on <= p.screened_on + p.within, false))::integer, 1,
       CASE WHEN p.graded_on IS NULL AND p.screened_on + p.within >= (p_now AT TIME ZONE 'Asia/Shanghai')::date THEN 'not_due_yet'
            WHEN p.graded_on IS NULL THEN 'not_graded'
            WHEN p.graded_on > p.screened_on + p.within THEN 'graded_late' END, false, NULL
  FROM positive p
UNION ALL
SELECT 'I-12', r.id, r.pregnancy_id, r.home, r.found_on,
       (NOT r.left_early IS TRUE AND coalesce(r.v ->> 'case_file' IN ('open', 'closed'), false))::integer,
       (NOT r.left_early IS TRUE)::integer,
       CASE WHEN r.left_early THEN 'ended_before_28_weeks'
            WHEN NOT coalesce(r.v ->> 'case_file' IN ('open', 'closed'), false) THEN 'no_case_file' END, r.protected, NULL
  FROM risky r
UNION ALL
SELECT 'I-13', w.id, w.pregnancy_id, t.organisation, (t.due_at AT TIME ZONE 'Asia/Shanghai')::date,
       (t.state <> 'cancelled' AND coalesce(t.done_at <= t.due_at, false))::integer,
       (t.state <> 'cancelled' AND (t.done_at IS NOT NULL OR t.due_at <= p_now))::integer,
       CASE WHEN t.state = 'cancelled' THEN 'replaced' WHEN t.done_at > t.due_at THEN 'reported_late'
            WHEN t.done_at IS NULL AND t.due_at <= p_now THEN 'not_reported'
            WHEN t.done_at IS NULL THEN 'not_due_yet' END, coalesce(h.protected, false), NULL
  FROM task t JOIN woman w ON w.id = t.instance_id LEFT JOIN high_risk h ON h.id = w.id
 WHERE t.element_id = 'task_report_risk' AND (t.due_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN p_from AND p_to
UNION ALL
SELECT 'I-14', r.id, r.pregnancy_id, r.home, r.referred_on, (coalesce(r.done_at <= r.begun_at + r.within, false))::integer, 1,
       CASE WHEN r.done_at > r.begun_at + r.within THEN 'followed_late'
            WHEN r.done_at IS NULL AND r.begun_at + r.within >= p_now THEN 'not_due_yet'
            WHEN r.done_at IS NULL THEN 'not_followed' END, false, NULL
  FROM referral r WHERE r.referred_on BETWEEN p_from AND p_to
UNION ALL
SELECT 'I-15', r.id, r.pregnancy_id, r.home, r.found_on,
       (NOT r.left_early IS TRUE AND r.v #> '{policy,face_to_face}' IS DISTINCT FROM 'false' AND met.yes)::integer,
       (NOT r.left_early IS TRUE AND r.v #> '{policy,face_to_face}' IS DISTINCT FROM 'false')::integer,
       CASE WHEN r.left_early THEN 'ended_before_28_weeks'
            WHEN r.v #> '{policy,face_to_face}' IS NOT DISTINCT FROM 'false' THEN 'not_asked_here'
            WHEN NOT met.yes THEN 'not_met' END, r.protected, NULL
  FROM risky r
 CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM task t
        WHERE t.instance_id = r.id AND t.element_id = 'task_meet_face_to_face' AND t.done_at IS NOT NULL) AS yes) met
UNION ALL
SELECT 'I-16', b.id, b.pregnancy_id, b.hospital, b.delivered_on, (coalesce(b.minutes <= p_ddi, false))::integer,
       (b.minutes IS NOT NULL)::integer,
       CASE WHEN b.minutes IS NULL THEN 'stamps_missing' WHEN b.minutes > p_ddi THEN 'longer_than_target' END, false, b.minutes
  FROM birth b WHERE b.mode = 'cs' AND b.category = 'emergency'
UNION ALL
SELECT 'I-19', b.id, b.pregnancy_id, b.hospital, b.delivered_on, (coalesce(b.mode = 'cs', false))::integer, (b.mode IS NOT NULL)::integer,
       CASE WHEN b.mode IS NULL THEN 'mode_not_recorded' WHEN b.mode <> 'cs' THEN 'other_mode' END, false, NULL
  FROM birth b
UNION ALL
SELECT 'I-27', w.id, w.pregnancy_id, w.home, coalesce(w.ended_on, w.registered_on),
       (coalesce(w.end_code = 'lost' AND w.ended_on BETWEEN p_from AND p_to, false))::integer, 1,
       CASE WHEN w.end_code = 'lost' AND w.ended_on BETWEEN p_from AND p_to THEN 'lost' END, false, NULL
  FROM woman w WHERE w.registered_on <= p_to AND (w.ended_on IS NULL OR w.ended_on >= p_from)
$$;

--
-- Name: institution_indicator_rows(text, date, date, timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.institution_indicator_rows(p_region text, p_from date, p_to date, p_now timestamp with time zone) RETURNS TABLE(indicator text, instance_id uuid, pregnancy_id text, organisation text, happened_on date, numerator integer, denominator integer, reason text, protected boolean, value numeric)
    LANGUAGE sql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
SELECT 'I-29', t.instance_id, NULL, t.organisation, (t.due_at AT TIME ZONE 'Asia/Shanghai')::date,
       (t.state = 'completed')::integer, (t.state = 'completed' OR t.due_at <= p_now)::integer,
       CASE WHEN t.state <> 'completed' AND t.due_at <= p_now THEN 'not_held'
            WHEN t.state <> 'completed' THEN 'not_due_yet' END, false, NULL::numeric
  FROM user_task t JOIN instance i ON i.region_id = t.region_id AND i.id = t.instance_id
 WHERE t.region_id = p_region AND t.element_id = 'task_duty' AND t.state <> 'cancelled'
   AND i.variables #>> '{duty,code}' IN ('drill', 'epidemic_drill', 'joint_meeting', 'leading_group', 'warning_education',
                                         'self_assessment')
   AND (t.due_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN p_from AND p_to
$$;

--
-- Name: later_indicator_rows(text, date, date, timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.later_indicator_rows(p_region text, p_from date, p_to date, p_now timestamp with time zone) RETURNS TABLE(indicator text, instance_id uuid, pregnancy_id text, organisation text, happened_on date, numerator integer, denominator integer, reason text, protected boolean, value numeric)
    LANGUAGE sql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
WITH birth AS MATERIALIZED (
    SELECT i.id, i.business_key AS pregnancy_id, i.variables ->> 'home_organisation' AS home,
           i.variables ->> 'hospital_organisation' AS hospital, civil_date(i.variables ->> 'delivered_on') AS delivered_on, civil_date(i.variables ->> 'edd') AS edd,
           (SELECT count(*)::integer FROM jsonb_array_elements(
                CASE WHEN jsonb_typeof(i.variables -> 'fetuses') = 'array' THEN i.variables -> 'fetuses' ELSE '[]' END) f
             WHERE f ->> 'outcome' IN ('live_birth', 'neonatal_death')) AS born_alive
      FROM instance i
     WHERE i.region_id = p_region AND i.definition_key = 'pregnancy_journey'
       AND i.variables ->> 'end_code' IS DISTINCT FROM 'void' AND i.variables ->> 'end_code' IS DISTINCT FROM 'ended.abortion'
       AND civil_date(i.variables ->> 'delivered_on') BETWEEN p_from AND p_to
), child_task AS MATERIALIZED (      -- children have instances of their own; her pregnancy is the key of all of them
    SELECT t.business_key AS pregnancy_id, t.element_id, count(*) FILTER (WHERE t.state = 'completed')::integer AS completed
      FROM user_task t
     WHERE t.region_id = p_region AND t.state <> 'cancelled'
       AND t.element_id IN ('task_newborn_visit', 'task_preterm_follow')
     GROUP BY t.business_key, t.element_id
), review_done AS MATERIALIZED (
    SELECT t.instance_id, count(*) FILTER (WHERE t.state = 'completed')::integer AS completed
      FROM user_task t
     WHERE t.region_id = p_region AND t.state <> 'cancelled' AND t.element_id = 'task_near_miss_facility'
     GROUP BY t.instance_id
), dead AS MATERIALIZED (
    SELECT i.id, i.business_key AS pregnancy_id, i.variables ->> 'home_organisation' AS home,
           civil_date(i.variables ->> 'ended_on') AS ended_on
      FROM instance i
     WHERE i.region_id = p_region AND i.definition_key = 'pregnancy_journey'
       AND i.variables ->> 'end_code' = 'ended.maternal_death'
       AND civil_date(i.variables ->> 'ended_on') BETWEEN p_from AND p_to
)
SELECT 'I-23', b.id, b.pregnancy_id, b.home, b.delivered_on, least(coalesce(d.completed, 0), b.born_alive), b.born_alive,
       CASE WHEN b.born_alive = 0 THEN 'no_live_birth'
            WHEN coalesce(d.completed, 0) < b.born_alive THEN 'newborn_not_visited' END, false, NULL::numeric
  FROM birth b LEFT JOIN child_task d ON d.pregnancy_id = b.pregnancy_id AND d.element_id = 'task_newborn_visit'
UNION ALL
SELECT 'I-25', b.id, b.pregnancy_id, b.home, b.delivered_on,
       CASE WHEN d.pregnancy_id IS NOT NULL THEN b.born_alive ELSE 0 END, b.born_alive,
       CASE WHEN d.pregnancy_id IS NULL THEN 'no_preterm_file' END, false, NULL
  FROM birth b LEFT JOIN child_task d ON d.pregnancy_id = b.pregnancy_id AND d.element_id = 'task_preterm_follow'
 WHERE b.born_alive > 0 AND b.delivered_on < b.edd - 21        -- before 37+0
UNION ALL
SELECT 'I-20', i.id, i.variables ->> 'pregnancy_id', i.variables ->> 'hospital_organisation',
       (i.started_at AT TIME ZONE 'Asia/Shanghai')::date, (coalesce(d.completed, 0) > 0)::integer, 1,
       CASE WHEN coalesce(d.completed, 0) = 0 THEN 'not_reviewed' END, false, NULL
  FROM instance i LEFT JOIN review_done d ON d.instance_id = i.id
 WHERE i.region_id = p_region AND i.definition_key = 'near_miss_review' AND i.status <> 'terminated'
   AND (i.started_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN p_from AND p_to
UNION ALL
SELECT 'I-26', t.instance_id, NULL, t.organisation, (t.due_at AT TIME ZONE 'Asia/Shanghai')::date,
       (t.state = 'completed' AND t.completed_at <= t.due_at)::integer,
       (t.state = 'completed' OR t.due_at <= p_now)::integer,
       CASE WHEN t.state = 'completed' AND t.completed_at > t.due_at THEN 'reported_late'
            WHEN t.state <> 'completed' AND t.due_at <= p_now THEN 'not_reported'
            WHEN t.state <> 'completed' THEN 'not_due_yet' END, false, NULL
  FROM user_task t
 WHERE t.region_id = p_region AND t.element_id = 'task_sweep' AND t.state <> 'cancelled'
   AND (t.due_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN p_from AND p_to
UNION ALL
SELECT 'I-21', d.id, d.pregnancy_id, d.home, d.ended_on, (r.avoidable IS NOT DISTINCT FROM '1')::integer, 1,
       CASE WHEN r.avoidable IS NULL THEN 'not_reviewed' WHEN r.avoidable <> '1' THEN 'not_avoidable' END, false, NULL
  FROM dead d
  LEFT JOIN LATERAL (SELECT (SELECT a #>> '{valueCoding,code}' FROM form_answers(f.body, 'avoidable') a LIMIT 1) AS avoidable
                       FROM stored_forms(p_region, d.pregnancy_id, 'death-review') f
                      ORDER BY f.updated_at DESC LIMIT 1) r ON true       -- the last review stands
UNION ALL
SELECT 'I-24', b.id, b.pregnancy_id, b.hospital, b.delivered_on, least(s.children, b.born_alive), b.born_alive,
       CASE WHEN b.born_alive = 0 THEN 'no_live_birth' WHEN s.children < b.born_alive THEN 'no_blood_spot' END, false, NULL
  FROM birth b
 CROSS JOIN LATERAL (SELECT count(DISTINCT k #>> '{valueInteger}')::integer AS children
                       FROM stored_forms(p_region, b.pregnancy_id, 'newborn-screening') f
                      CROSS JOIN LATERAL form_answers(f.body, 'blood_spot') a
                      CROSS JOIN LATERAL form_answers(f.body, 'child_order') k
                      WHERE b.born_alive > 0 AND a #>> '{valueCoding,code}' = 'sampled') s
UNION ALL
SELECT 'I-29', t.instance_id, NULL, t.organisation, (t.due_at AT TIME ZONE 'Asia/Shanghai')::date,
       (t.state = 'completed')::integer, (t.state = 'completed' OR t.due_at <= p_now)::integer,
       CASE WHEN t.state <> 'completed' AND t.due_at <= p_now THEN 'not_held'
            WHEN t.state <> 'completed' THEN 'not_due_yet' END, false, NULL
  FROM user_task t
 WHERE t.region_id = p_region AND t.state <> 'cancelled'
   AND t.element_id IN ('task_drill', 'task_joint_meeting', 'task_leading_group', 'task_warning_education',
                        'task_self_assessment')
   AND (t.due_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN p_from AND p_to
$$;

--
-- Name: may_know_case(text, uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.may_know_case(p_region text, p_instance uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    RETURN EXISTS (SELECT FROM instance i WHERE i.region_id = p_region AND i.id = p_instance);
END $$;

--
-- Name: may_know_case_of(text, jsonb); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.may_know_case_of(p_region text, p_variables jsonb) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    v_mine text[] := nullif(current_setting('app.cases', true), '')::text[];
    v_care text[] := array_remove(ARRAY[
        p_variables ->> 'home_organisation', p_variables ->> 'hospital_organisation',
        p_variables ->> 'county_organisation', p_variables ->> 'organisation'], NULL);
    v_patient text := p_variables ->> 'patient_id';
BEGIN
    RETURN v_care && v_mine OR (v_care = '{}' AND v_patient IS NULL) OR EXISTS (
        SELECT FROM patient_area a
         WHERE a.region_id = p_region AND a.patient_id = v_patient AND a.organisation_id = ANY (v_mine));
END $$;

--
-- Name: may_know_resource(text, text, text, text[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.may_know_resource(p_region text, p_patient text, p_owner text, p_labels text[]) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    v_organisations text := nullif(current_setting('app.organisations', true), '');
    v_cleared       text := coalesce(current_setting('app.restricted', true), '');
BEGIN
    IF v_organisations IS NULL OR v_organisations = '*' THEN
        RETURN v_organisations IS NOT NULL;
    END IF;
    IF p_owner = nullif(current_setting('app.viewer', true), '') THEN
        RETURN true;
    END IF;
    IF p_labels <> '{}' AND NOT (CASE WHEN v_cleared LIKE '{%}' THEN p_labels <@ v_cleared::text[] ELSE v_cleared = 'on' END) THEN
        RETURN false;
    END IF;
    RETURN p_patient IS NULL OR EXISTS (
        SELECT FROM patient_area a
         WHERE a.region_id = p_region AND a.patient_id = p_patient
           AND a.organisation_id = ANY (v_organisations::text[]));
END $$;

--
-- Name: may_know_task(text, uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.may_know_task(p_region text, p_task uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    RETURN EXISTS (SELECT FROM user_task t WHERE t.region_id = p_region AND t.id = p_task);
END $$;

--
-- Name: may_know_version(text, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.may_know_version(p_region text, p_type text, p_id text) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    RETURN EXISTS (SELECT FROM resource r WHERE r.region_id = p_region AND r.type = p_type AND r.id = p_id);
END $$;

--
-- Name: measure_indicator_rows(text, date, date, timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.measure_indicator_rows(p_region text, p_from date, p_to date, p_now timestamp with time zone) RETURNS TABLE(indicator text, instance_id uuid, pregnancy_id text, organisation text, happened_on date, numerator integer, denominator integer, reason text, protected boolean, value numeric)
    LANGUAGE sql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $_$
WITH birth AS MATERIALIZED (
    SELECT i.id, i.business_key AS pregnancy_id, i.variables ->> 'home_organisation' AS home,
           i.variables ->> 'hospital_organisation' AS hospital, civil_date(i.variables ->> 'delivered_on') AS delivered_on,
           CASE WHEN length(i.variables ->> 'delivered_at') >= 16 THEN (i.variables ->> 'delivered_at')::timestamptz END AS delivered_at,
           b.born, b.born_alive, b.died,
           coalesce((i.variables #>> '{policy,pmtct,child_hbig_within}')::interval, '12 hours') AS hbig_within,
           coalesce((i.variables #>> '{policy,newborn,vaccine_within}')::interval, '24 hours') AS vaccine_within,
           ARRAY(SELECT DISTINCT e FROM instance n
                  CROSS JOIN LATERAL jsonb_array_elements_text(CASE WHEN jsonb_typeof(n.variables -> 'infections') = 'array'
                                                                    THEN n.variables -> 'infections' ELSE '[]' END) e
                  WHERE n.region_id = p_region AND n.business_key = i.business_key
                    AND n.definition_key IN ('pregnancy_journey', 'newborns')) AS infections,
           ARRAY(SELECT DISTINCT e FROM instance n
                  CROSS JOIN LATERAL jsonb_array_elements_text(CASE WHEN jsonb_typeof(n.variables -> 'infections_tested') = 'array'
                                                                    THEN n.variables -> 'infections_tested' ELSE '[]' END) e
                  WHERE n.region_id = p_region AND n.business_key = i.business_key
                    AND n.definition_key IN ('pregnancy_journey', 'newborns')) AS tested
      FROM instance i
     CROSS JOIN LATERAL (
        SELECT count(*)::integer AS born,
               (count(*) FILTER (WHERE f ->> 'outcome' IN ('live_birth', 'neonatal_death')))::integer AS born_alive,
               (count(*) FILTER (WHERE f ->> 'outcome' = 'neonatal_death'))::integer AS died
          FROM jsonb_array_elements(CASE WHEN jsonb_typeof(i.variables -> 'fetuses') = 'array'
                                         THEN i.variables -> 'fetuses' ELSE '[]' END) f) b
     WHERE i.region_id = p_region AND i.definition_key = 'pregnancy_journey'
       AND i.variables ->> 'end_code' IS DISTINCT FROM 'void' AND i.variables ->> 'end_code' IS DISTINCT FROM 'ended.abortion'
       AND civil_date(i.variables ->> 'delivered_on') BETWEEN p_from AND p_to
), mother AS MATERIALIZED (              -- what was done for her against each infection, the best that is on record
    SELECT b.id, said.infection,
           bool_or(said.treatment IN ('started', 'ongoing', 'completed')) AS treated,
           bool_or(said.treatment = 'not_needed') AS not_needed, bool_or(said.treatment = 'declined') AS declined
      FROM birth b
     CROSS JOIN LATERAL (
        SELECT (SELECT a #>> '{valueCoding,code}' FROM form_answers(f.body, 'infection') a LIMIT 1) AS infection,
               (SELECT a #>> '{valueCoding,code}' FROM form_answers(f.body, 'treatment') a LIMIT 1) AS treatment
          FROM stored_forms(p_region, b.pregnancy_id, 'pmtct-mother') f) said
     WHERE cardinality(b.infections) > 0
     GROUP BY b.id, said.infection
), child AS MATERIALIZED (               -- what was done for each child, and when
    SELECT b.id, said.infection, said.step, said.number, min(said.done_at) AS done_at
      FROM birth b
     CROSS JOIN LATERAL (
        SELECT (SELECT a #>> '{valueCoding,code}' FROM form_answers(f.body, 'infection') a LIMIT 1) AS infection,
               (SELECT a #>> '{valueCoding,code}' FROM form_answers(f.body, 'step') a LIMIT 1) AS step,
               (SELECT a #>> '{valueInteger}' FROM form_answers(f.body, 'child_order') a LIMIT 1) AS number,
               (SELECT (a #>> '{valueDateTime}')::timestamptz FROM form_answers(f.body, 'done_at') a LIMIT 1) AS done_at
          FROM stored_forms(p_region, b.pregnancy_id, 'pmtct-child') f) said
     WHERE cardinality(b.infections) > 0 AND b.born_alive > 0
     GROUP BY b.id, said.infection, said.step, said.number
), done AS MATERIALIZED (                -- the same, counted per woman
    SELECT b.id, m.indicator, m.infection, least(coalesce(d.done, 0), b.born_alive) AS done,
           least(coalesce(d.late, 0), b.born_alive) AS late, least(coalesce(d.unneeded, 0), b.born_alive) AS unneeded
      FROM birth b
     CROSS JOIN (VALUES ('I-22b', 'hiv', 'arv'), ('I-22d', 'syphilis', 'penicillin'), ('I-22e', 'hbv', 'hbig_vaccine'))
           AS m (indicator, infection, step)
      LEFT JOIN LATERAL (
        SELECT (count(*) FILTER (WHERE c.step = m.step AND t.in_time))::integer AS done,
               (count(*) FILTER (WHERE c.step = m.step AND NOT t.in_time))::integer AS late,
               (count(*) FILTER (WHERE c.step = 'not_needed'))::integer AS unneeded
          FROM child c
         CROSS JOIN LATERAL (SELECT m.infection <> 'hbv' OR coalesce(c.done_at <= b.delivered_at + b.hbig_within, false) AS in_time) t
         WHERE c.id = b.id AND c.infection = m.infection) d ON true
     WHERE m.infection = ANY(b.infections) AND b.born_alive > 0
)
SELECT 'I-22', b.id, b.pregnancy_id, b.home, b.delivered_on, t.whole::integer, 1,
       CASE WHEN NOT t.whole THEN 'not_tested' END, false, NULL::numeric
  FROM birth b CROSS JOIN LATERAL (SELECT b.tested @> ARRAY['hiv', 'syphilis', 'hbv'] AS whole) t
UNION ALL
SELECT m.indicator, b.id, b.pregnancy_id, b.home, b.delivered_on, coalesce(s.treated, false)::integer,
       (coalesce(s.treated, false) OR NOT coalesce(s.not_needed, false))::integer,
       CASE WHEN s.treated THEN NULL WHEN s.not_needed THEN 'treatment_not_needed' WHEN s.declined THEN 'declined'
            ELSE 'not_treated' END, true, NULL
  FROM birth b
 CROSS JOIN (VALUES ('I-22a', 'hiv'), ('I-22c', 'syphilis')) AS m (indicator, infection)
  LEFT JOIN mother s ON s.id = b.id AND s.infection = m.infection
 WHERE m.infection = ANY(b.infections)
UNION ALL
SELECT d.indicator, b.id, b.pregnancy_id, b.home, b.delivered_on, d.done, greatest(b.born_alive - d.unneeded, d.done),
       CASE WHEN d.done >= b.born_alive THEN NULL WHEN d.late > 0 AND b.delivered_at IS NULL THEN 'birth_time_missing'
            WHEN d.late > 0 THEN 'given_late' WHEN d.unneeded > 0 THEN 'treatment_not_needed' ELSE 'not_given' END, true, NULL
  FROM done d JOIN birth b ON b.id = d.id
UNION ALL
SELECT 'I-22f', b.id, b.pregnancy_id, b.hospital, b.delivered_on, least(v.in_time, b.born_alive), b.born_alive,
       CASE WHEN b.born_alive = 0 THEN 'no_live_birth' WHEN v.in_time >= b.born_alive THEN NULL
            WHEN v.known > v.in_time AND b.delivered_at IS NULL THEN 'birth_time_missing'
            WHEN v.known > v.in_time THEN 'given_late' ELSE 'not_given' END, false, NULL
  FROM birth b
 CROSS JOIN LATERAL (SELECT count(DISTINCT g.number)::integer AS known,
                            (count(DISTINCT g.number) FILTER (WHERE g.given_at <= b.delivered_at + b.vaccine_within))::integer AS in_time
                       FROM (SELECT (SELECT a #>> '{valueInteger}' FROM form_answers(f.body, 'child_order') a LIMIT 1) AS number,
                                    (a #>> '{valueDateTime}')::timestamptz AS given_at
                               FROM stored_forms(p_region, b.pregnancy_id, 'newborn-care') f
                              CROSS JOIN LATERAL form_answers(f.body, 'hepb_at') a
                             UNION ALL
                             SELECT c.number, c.done_at FROM child c WHERE c.id = b.id AND c.step = 'hbig_vaccine') g) v
UNION ALL
SELECT 'I-24a', b.id, b.pregnancy_id, b.hospital, b.delivered_on, least(s.children, b.born_alive), b.born_alive,
       CASE WHEN b.born_alive = 0 THEN 'no_live_birth' WHEN s.children < b.born_alive THEN 'hearing_not_screened' END, false, NULL
  FROM birth b
 CROSS JOIN LATERAL (SELECT count(DISTINCT k #>> '{valueInteger}')::integer AS children
                       FROM stored_forms(p_region, b.pregnancy_id, 'newborn-screening') f
                      CROSS JOIN LATERAL form_answers(f.body, 'hearing_screen') a
                      CROSS JOIN LATERAL form_answers(f.body, 'child_order') k
                      WHERE b.born_alive > 0 AND a #>> '{valueCoding,code}' IN ('passed', 'failed')) s
UNION ALL
-- A newborn's death counts with its birth: the record of the birth says it, or the report of the death within 28 days.
SELECT 'I-02a', b.id, b.pregnancy_id, b.home, b.delivered_on, least(greatest(b.died, d.reported), b.born_alive), b.born_alive,
       CASE WHEN b.born_alive = 0 THEN 'no_live_birth' WHEN greatest(b.died, d.reported) > 0 THEN 'newborn_died' END, false, NULL
  FROM birth b
 CROSS JOIN LATERAL (SELECT count(DISTINCT k #>> '{valueInteger}')::integer AS reported
                       FROM stored_forms(p_region, b.pregnancy_id, 'newborn-death') f
                      CROSS JOIN LATERAL form_answers(f.body, 'child_order') k
                      CROSS JOIN LATERAL form_answers(f.body, 'child_died_at') a
                      WHERE civil_date(a #>> '{valueDateTime}') < b.delivered_on + 28) d
UNION ALL
SELECT 'I-28', b.id, b.pregnancy_id, b.hospital, b.delivered_on, least(s.severe, b.born), CASE WHEN s.open > 0 THEN s.severe ELSE b.born END,
       CASE WHEN s.open > 0 THEN 'severity_not_recorded' WHEN b.born = 0 THEN 'births_not_recorded' WHEN s.severe > 0 THEN 'severe_defect' END,
       false, NULL
  FROM birth b
 CROSS JOIN LATERAL (
    SELECT coalesce(sum((c.severe = 'yes')::integer), 0)::integer AS severe,
           coalesce(sum((c.defect = 'yes' AND coalesce(c.severe, '') NOT IN ('yes', 'none'))::integer), 0)::integer AS open
      FROM (SELECT f.body FROM stored_forms(p_region, b.pregnancy_id, 'delivery') f ORDER BY f.updated_at DESC LIMIT 1) last
     CROSS JOIN LATERAL jsonb_path_query(last.body, 'strict $.** ? (@.linkId == "fetus")') fetus   -- lax finds each twice
     CROSS JOIN LATERAL (SELECT (SELECT a #>> '{valueCoding,code}' FROM form_answers(fetus, 'defect') a LIMIT 1) AS defect,
                                (SELECT a #>> '{valueCoding,code}' FROM form_answers(fetus, 'defect_severe') a LIMIT 1) AS severe) c) s
UNION ALL
SELECT 'I-19', b.id, b.pregnancy_id, b.hospital, b.delivered_on, (coalesce(m.mode = 'cs', false))::integer, (m.mode IS NOT NULL)::integer,
       CASE WHEN m.mode IS NULL THEN 'mode_not_recorded' WHEN m.mode <> 'cs' THEN 'other_mode' END, false, NULL
  FROM birth b LEFT JOIN LATERAL birth_mode(p_region, b.pregnancy_id) m ON true
UNION ALL
SELECT 'I-19a', b.id, b.pregnancy_id, b.hospital, b.delivered_on, (m.mode = 'cs' AND NOT m.indicated)::integer,
       (m.mode <> 'cs' OR m.indicated IS NOT NULL)::integer,
       CASE WHEN m.mode <> 'cs' THEN 'other_mode' WHEN m.indicated IS NULL THEN 'indication_not_recorded'
            WHEN m.indicated THEN 'medical_indication' END, false, NULL
  FROM birth b JOIN LATERAL birth_mode(p_region, b.pregnancy_id) m ON true
UNION ALL
-- Works of a quarter as noted with the duty: each adds to the numerator; `value` is how often each was read on average.
SELECT 'I-30', t.instance_id, NULL, t.organisation, (t.completed_at AT TIME ZONE 'Asia/Shanghai')::date, coalesce(w.works, 0), 0,
       CASE WHEN w.works IS NULL THEN 'works_not_recorded' END, false, w.reads
  FROM user_task t
  JOIN instance i ON i.region_id = t.region_id AND i.id = t.instance_id AND i.variables #>> '{duty,code}' = 'popular_science'
  LEFT JOIN LATERAL (
    SELECT (SELECT (a #>> '{valueInteger}')::integer FROM form_answers(q.body::jsonb, 'works_count') a LIMIT 1) AS works,
           (SELECT (a #>> '{valueInteger}')::numeric FROM form_answers(q.body::jsonb, 'reads_average') a LIMIT 1) AS reads
      FROM resource r
      JOIN resource_version x ON x.region_id = r.region_id AND x.type = r.type AND x.id = r.id AND x.version = r.version
     CROSS JOIN LATERAL (SELECT split_part(jsonb_path_query_first(x.body::jsonb, '$.output[*].valueReference.reference') #>> '{}', '/', 2) AS id) said
      JOIN resource a ON a.region_id = p_region AND a.type = 'QuestionnaireResponse' AND a.id = said.id AND NOT a.deleted
      JOIN resource_version q ON q.region_id = a.region_id AND q.type = a.type AND q.id = a.id AND q.version = a.version
     WHERE r.region_id = p_region AND r.type = 'Task' AND r.id = t.id::text) w ON true
 WHERE t.region_id = p_region AND t.element_id = 'task_duty' AND t.state = 'completed'
   AND (t.completed_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN p_from AND p_to
$_$;

--
-- Name: message_lock(text, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.message_lock(p_region text, p_name text, p_key text) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT hashtextextended(p_region || chr(31) || p_name || chr(31) || p_key, 0)
$$;

--
-- Name: read_resource(text, uuid, timestamp with time zone, text, text, text, text, text, text[], text[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.read_resource(p_region text, p_epoch uuid, p_at timestamp with time zone, p_type text, p_id text, p_actor text, p_actor_kind text, p_organisation text, p_organisations text[], p_cleared text[]) RETURNS TABLE(version integer, updated_at timestamp with time zone, source text, body text, meta text)
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET search_path TO 'public', 'pg_temp'
    AS $$
#variable_conflict use_column
DECLARE
    v_viewer  text := p_actor_kind || ':' || p_actor;
    v_patient text;
BEGIN
    PERFORM set_config('app.region', p_region, true), set_config('app.organisations', p_organisations::text, true),
            set_config('app.viewer', v_viewer, true), set_config('app.restricted', p_cleared::text, true);
    PERFORM 1 FROM people_epoch WHERE epoch = p_epoch;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT r.version, r.patient_id INTO version, v_patient FROM resource r
     WHERE r.region_id = p_region AND r.type = p_type AND r.id = p_id AND NOT r.deleted
       AND (r.labels <@ p_cleared OR r.owner = v_viewer)
       AND (r.patient_id IS NULL OR r.owner = v_viewer OR EXISTS (
            SELECT FROM patient_area a WHERE a.region_id = r.region_id AND a.patient_id = r.patient_id
               AND a.organisation_id = ANY (p_organisations)));
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT v.updated_at, v.source, v.body, v.meta INTO updated_at, source, body, meta FROM resource_version v
     WHERE v.region_id = p_region AND v.type = p_type AND v.id = p_id AND v.version = read_resource.version;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO audit (region_id, at, actor_id, actor_kind, organisation, action, subject_kind, subject_id, detail)
    VALUES (p_region, p_at, p_actor, p_actor_kind, p_organisation, 'read', p_type, p_id,
            CASE WHEN v_patient IS NOT NULL THEN jsonb_build_object('patients', jsonb_build_array(v_patient)) END);
    RETURN NEXT;
END $$;

--
-- Name: read_resource(text, uuid, timestamp with time zone, text, text, text, text, text, text[], boolean); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.read_resource(p_region text, p_epoch uuid, p_at timestamp with time zone, p_type text, p_id text, p_actor text, p_actor_kind text, p_organisation text, p_organisations text[], p_restricted boolean) RETURNS TABLE(version integer, updated_at timestamp with time zone, source text, body text, meta text)
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET search_path TO 'public', 'pg_temp'
    AS $$
#variable_conflict use_column
DECLARE
    v_viewer  text := p_actor_kind || ':' || p_actor;
    v_patient text;
BEGIN
    PERFORM set_config('app.region', p_region, true), set_config('app.organisations', p_organisations::text, true),
            set_config('app.viewer', v_viewer, true),
            set_config('app.restricted', CASE WHEN p_restricted THEN 'on' ELSE 'off' END, true);
    PERFORM 1 FROM people_epoch WHERE epoch = p_epoch;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT r.version, r.patient_id INTO version, v_patient FROM resource r
     WHERE r.region_id = p_region AND r.type = p_type AND r.id = p_id AND NOT r.deleted
       AND (r.labels = '{}' OR p_restricted OR r.owner = v_viewer)
       AND (r.patient_id IS NULL OR r.owner = v_viewer OR EXISTS (
            SELECT FROM patient_area a WHERE a.region_id = r.region_id AND a.patient_id = r.patient_id
               AND a.organisation_id = ANY (p_organisations)));
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT v.updated_at, v.source, v.body, v.meta INTO updated_at, source, body, meta FROM resource_version v
     WHERE v.region_id = p_region AND v.type = p_type AND v.id = p_id AND v.version = read_resource.version;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO audit (region_id, at, actor_id, actor_kind, organisation, action, subject_kind, subject_id, detail)
    VALUES (p_region, p_at, p_actor, p_actor_kind, p_organisation, 'read', p_type, p_id,
            CASE WHEN v_patient IS NOT NULL THEN jsonb_build_object('patients', jsonb_build_array(v_patient)) END);
    RETURN NEXT;
END $$;

--
-- Name: refuse_change(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    RAISE EXCEPTION '% is immutable', TG_TABLE_NAME;
END $$;

--
-- Name: refuse_frozen_region(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.refuse_frozen_region() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    RAISE EXCEPTION 'the region is moving to another installation: nothing may be written here' USING ERRCODE = '55P03';
END $$;

--
-- Name: rename_instance(text, uuid, integer, jsonb, jsonb); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.rename_instance(p_region text, p_instance uuid, p_version integer, p_pins jsonb, p_moved jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    m       jsonb;
    v_wait  integer;
    v_id    text;
    v_path  text;
BEGIN
    UPDATE instance SET definition_version = p_version, pins = p_pins WHERE region_id = p_region AND id = p_instance;
    UPDATE user_task SET definition_version = p_version
     WHERE region_id = p_region AND instance_id = p_instance AND state IN ('created', 'claimed');
    FOR m IN SELECT value FROM jsonb_array_elements(p_moved) LOOP
        v_wait := (m->>'wait_id')::integer;
        v_id := m->>'element_id';
        v_path := m->>'path';
        UPDATE user_task SET element_id = v_id, path = v_path
         WHERE region_id = p_region AND instance_id = p_instance AND wait_id = v_wait AND state IN ('created', 'claimed');
        UPDATE timer SET element_id = v_id, path = v_path
         WHERE region_id = p_region AND instance_id = p_instance AND wait_id = v_wait;
        UPDATE message_subscription SET element_id = v_id, path = v_path
         WHERE region_id = p_region AND instance_id = p_instance AND wait_id = v_wait;
        UPDATE signal_subscription SET element_id = v_id, path = v_path
         WHERE region_id = p_region AND instance_id = p_instance AND wait_id = v_wait;
        UPDATE job SET element_id = v_id, path = v_path
         WHERE region_id = p_region AND instance_id = p_instance AND wait_id = v_wait;
        UPDATE incident SET element_id = v_id, path = v_path
         WHERE region_id = p_region AND instance_id = p_instance AND wait_id = v_wait AND resolved_at IS NULL;
    END LOOP;
END $$;

--
-- Name: report_indicator_rows(text, date, date, timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.report_indicator_rows(p_region text, p_from date, p_to date, p_now timestamp with time zone) RETURNS TABLE(indicator text, instance_id uuid, pregnancy_id text, organisation text, happened_on date, numerator integer, denominator integer, reason text, protected boolean, value numeric)
    LANGUAGE sql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
WITH woman AS MATERIALIZED (
    SELECT i.id, i.business_key AS pregnancy_id, i.variables AS v, i.variables ->> 'home_organisation' AS home,
           civil_date(i.variables ->> 'delivered_on') AS delivered_on, civil_date(i.variables ->> 'checked_on') AS checked_on,
           coalesce((i.variables #>> '{policy,appointments,enabled}')::boolean, false) AS books
      FROM instance i
     WHERE i.region_id = p_region AND i.definition_key = 'pregnancy_journey'
       AND i.variables ->> 'end_code' IS DISTINCT FROM 'void'
), birth AS MATERIALIZED (
    SELECT w.*, f.born_alive, f.died
      FROM woman w
     CROSS JOIN LATERAL (
        SELECT (count(*) FILTER (WHERE f ->> 'outcome' IN ('live_birth', 'neonatal_death')))::integer AS born_alive,
               (count(*) FILTER (WHERE f ->> 'outcome' = 'neonatal_death'))::integer AS died
          FROM jsonb_array_elements(CASE WHEN jsonb_typeof(w.v -> 'fetuses') = 'array' THEN w.v -> 'fetuses' ELSE '[]' END) f) f
     WHERE w.delivered_on BETWEEN p_from AND p_to AND w.v ->> 'end_code' IS DISTINCT FROM 'ended.abortion'
), told AS MATERIALIZED (                -- a child who died, as the register of children's deaths has it
    SELECT r.pregnancy_id, r.happened_on AS died_on, (r.body ->> 'born_on')::date AS born_on, w.id, w.home
      FROM import_row r
      JOIN import_batch b ON b.region_id = r.region_id AND b.id = r.batch_id AND b.source = 'child_deaths'
      LEFT JOIN woman w ON w.pregnancy_id = r.pregnancy_id
     WHERE r.region_id = p_region AND r.happened_on BETWEEN p_from AND p_to
), known AS MATERIALIZED (               -- a newborn whose death the births and the newborn's own report tell of
    SELECT w.id, w.pregnancy_id, w.home, d.died_on
      FROM woman w
     CROSS JOIN LATERAL (
        SELECT civil_date(a #>> '{valueDateTime}') AS died_on
          FROM stored_forms(p_region, w.pregnancy_id, 'newborn-death') f
         CROSS JOIN LATERAL form_answers(f.body, 'child_died_at') a
        UNION ALL
        SELECT w.delivered_on FROM generate_series(1, (
            SELECT count(*) FROM jsonb_array_elements(CASE WHEN jsonb_typeof(w.v -> 'fetuses') = 'array' THEN w.v -> 'fetuses'
                                                           ELSE '[]' END) x WHERE x ->> 'outcome' = 'neonatal_death'))
         WHERE NOT EXISTS (SELECT FROM stored_forms(p_region, w.pregnancy_id, 'newborn-death'))) d
     WHERE w.delivered_on BETWEEN p_from - 28 AND p_to AND d.died_on BETWEEN p_from AND p_to
       AND NOT EXISTS (SELECT FROM import_row r
                         JOIN import_batch b ON b.region_id = r.region_id AND b.id = r.batch_id AND b.source = 'child_deaths'
                        WHERE r.region_id = p_region AND r.pregnancy_id = w.pregnancy_id)
), counted AS MATERIALIZED (
    SELECT c.indicator, c.organisation, c.first, c.last, c.numerator, c.denominator, c.said_by
      FROM imported_counts(p_region, p_from, p_to) c
), seen AS MATERIALIZED (                -- antenatal checks: where each was made, and whether she came by appointment
    SELECT w.id, w.pregnancy_id, w.books, d.on_day, d.number, coalesce(t.organisation, w.home) AS organisation, o.kind,
           EXISTS (SELECT FROM instance a
                    WHERE a.region_id = p_region AND a.definition_key = 'appointment' AND a.business_key = w.pregnancy_id
                      AND a.variables ->> 'booked' = 'true'
                      AND civil_date(a.variables ->> 'booked_for') BETWEEN d.on_day - 3 AND d.on_day + 3) AS booked
      FROM woman w
     CROSS JOIN LATERAL (
        SELECT civil_date(v.said #>> '{}') AS on_day, v.number
          FROM jsonb_array_elements(CASE WHEN jsonb_typeof(w.v -> 'visits') = 'array' THEN w.v -> 'visits' ELSE '[]' END)
               WITH ORDINALITY AS v (said, number)) d
      LEFT JOIN LATERAL (
        SELECT t.organisation FROM user_task t
         WHERE t.region_id = p_region AND t.instance_id = w.id AND t.state = 'completed'
           AND t.element_id IN ('task_antenatal_visit', 'task_first_visit')
         ORDER BY abs((t.completed_at AT TIME ZONE 'Asia/Shanghai')::date - d.on_day) LIMIT 1) t ON true
      LEFT JOIN organisation o ON o.region_id = p_region AND o.id = coalesce(t.organisation, w.home)
     WHERE d.on_day BETWEEN p_from AND p_to
)
SELECT 'I-08', b.id, b.pregnancy_id, b.home, b.delivered_on, c.done::integer, 1,
       CASE WHEN c.done AND b.checked_on IS NULL THEN 'not_recovered' WHEN c.done THEN NULL
            WHEN b.delivered_on + 56 >= (p_now AT TIME ZONE 'Asia/Shanghai')::date AND NOT c.lost THEN 'not_due_yet'
            WHEN c.lost THEN 'lost' ELSE 'not_checked' END, false, NULL::numeric
  FROM birth b
 CROSS JOIN LATERAL (
    SELECT coalesce(bool_or(f.contact IS NULL OR f.contact NOT IN ('lost', 'died')), false)
             OR (b.checked_on IS NOT NULL AND coalesce(bool_and(f.contact IS NULL), true)) AS done,
           coalesce(bool_or(f.contact = 'lost'), false) AS lost
      FROM (SELECT (SELECT a #>> '{valueCoding,code}' FROM form_answers(s.body, 'contact') a LIMIT 1) AS contact
              FROM stored_forms(p_region, b.pregnancy_id, 'postnatal-42d') s) f) c
UNION ALL
SELECT m.indicator, b.id, b.pregnancy_id, b.home, b.delivered_on, 0, b.born_alive,
       CASE WHEN b.born_alive = 0 THEN 'no_live_birth' END, false, NULL
  FROM birth b CROSS JOIN (VALUES ('I-02'), ('I-03')) AS m (indicator)
UNION ALL
SELECT m.indicator, k.id, k.pregnancy_id, k.home, k.died_on, 1, 0, 'newborn_died', false, NULL
  FROM known k CROSS JOIN (VALUES ('I-02'), ('I-03')) AS m (indicator)
UNION ALL
SELECT m.indicator, t.id, t.pregnancy_id, t.home, t.died_on, 1, 0, 'child_death_imported', false, NULL
  FROM told t
  JOIN (VALUES ('I-02', interval '1 year'), ('I-03', interval '5 years')) AS m (indicator, below)
    ON t.died_on < (t.born_on + m.below)::date
UNION ALL
SELECT m.indicator, s.id, s.pregnancy_id, s.organisation, s.on_day, (s.books AND s.booked)::integer, s.books::integer,
       CASE WHEN NOT s.books THEN 'no_booking_here' WHEN NOT s.booked THEN 'came_without_booking' END, false, NULL
  FROM seen s JOIN (VALUES ('I-17', 1), ('I-18', 2)) AS m (indicator, since) ON s.number >= m.since
 WHERE (m.indicator = 'I-18' OR s.kind = 'hospital')
   AND NOT EXISTS (SELECT FROM counted c                      -- the hospital has said it itself, of more than we see
                    WHERE c.indicator = m.indicator AND c.organisation = s.organisation AND s.on_day BETWEEN c.first AND c.last)
UNION ALL
SELECT c.indicator, NULL, NULL, c.organisation, c.last, c.numerator, c.denominator, c.said_by, false, NULL FROM counted c
$$;

--
-- Name: save_resources(text, timestamp with time zone, text, boolean, jsonb); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.save_resources(p_region text, p_at timestamp with time zone, p_source text, p_engine_owned boolean, p_resources jsonb) RETURNS TABLE(resource_type text, resource_id text, resource_version_no integer, is_changed boolean)
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    v_watched text[] := ARRAY(SELECT unnest(s.types) FROM subscription s WHERE s.region_id = p_region AND s.status <> 'off');
    v_deleted boolean;
    v_dates   jsonb;
    v_date    jsonb;
    v_old     record;
    v_at      integer;
    g         jsonb;
BEGIN
    FOR n IN 0 .. jsonb_array_length(p_resources) - 1 LOOP
        g := p_resources->n;
        resource_type := g->>'type';
        resource_id := g->>'id';
        v_deleted := (g->'deleted')::boolean;
        is_changed := false;
        IF NOT g ? 'new' THEN
            UPDATE resource AS r
               SET version = r.version + 1, updated_at = p_at, deleted = v_deleted, source = p_source,
                   content_hash = g->>'hash', patient_id = g->>'patient', episode_id = g->>'episode',
                   labels = CASE WHEN r.labels = '{}' THEN (g->>'labels')::text[] ELSE all_labels(r.labels, (g->>'labels')::text[]) END,
                   tokens = (g->>'tokens')::bigint[]
             WHERE r.region_id = p_region AND r.type = resource_type AND r.id = resource_id
               AND (r.content_hash <> g->>'hash' OR r.deleted <> v_deleted)
               AND NOT (r.type = 'Patient' AND p_engine_owned AND NOT r.engine_owned)   -- a form does not rewrite a hospital's patient
            RETURNING r.version INTO resource_version_no;
            is_changed := FOUND;
        END IF;
        IF NOT is_changed THEN                                  -- it is not there, or it is what it was
            INSERT INTO resource AS r (region_id, type, id, version, updated_at, deleted, engine_owned, source, owner,
                                       content_hash, patient_id, episode_id, labels, tokens)
            VALUES (p_region, resource_type, resource_id, 1, p_at, v_deleted, p_engine_owned, p_source, p_source,
                    g->>'hash', g->>'patient', g->>'episode', (g->>'labels')::text[], (g->>'tokens')::bigint[])
            ON CONFLICT (region_id, type, id) DO UPDATE         -- somebody else was first
               SET version = r.version + 1, updated_at = excluded.updated_at, deleted = excluded.deleted,
                   source = excluded.source, content_hash = excluded.content_hash, patient_id = excluded.patient_id,
                   episode_id = excluded.episode_id, labels = all_labels(r.labels, excluded.labels), tokens = excluded.tokens
             WHERE (r.content_hash <> excluded.content_hash OR r.deleted <> excluded.deleted)
               AND NOT (r.type = 'Patient' AND excluded.engine_owned AND NOT r.engine_owned)
            RETURNING r.version INTO resource_version_no;
            is_changed := FOUND;
        END IF;
        IF NOT is_changed THEN
            SELECT r.version INTO resource_version_no FROM resource r
             WHERE r.region_id = p_region AND r.type = resource_type AND r.id = resource_id;
            RETURN NEXT;
            CONTINUE;
        END IF;
        INSERT INTO resource_version (region_id, type, id, version, updated_at, deleted, source, body, meta)
        VALUES (p_region, resource_type, resource_id, resource_version_no, p_at, v_deleted, p_source,
                g->>'body', g->>'meta');
        IF resource_type = ANY (v_watched) THEN                 -- under the lock of the resource: its versions stay in order
            INSERT INTO resource_change (region_id, type, id, version, at)
            VALUES (p_region, resource_type, resource_id, resource_version_no, p_at);
        END IF;
        v_dates := g->'dates';
        IF resource_version_no > 1 THEN                         -- what stands already is left alone, what is over goes
            FOR v_old IN SELECT o.param, o.low, o.high FROM resource_date o
                          WHERE o.region_id = p_region AND o.type = resource_type AND o.id = resource_id LOOP
                v_at := NULL;
                FOR d IN 0 .. jsonb_array_length(v_dates) - 1 LOOP
                    v_date := v_dates->d;
                    IF v_date->>0 = v_old.param AND (v_date->>1)::timestamptz = v_old.low
                       AND (v_date->>2)::timestamptz = v_old.high THEN
                        v_at := d;
                        EXIT;
                    END IF;
                END LOOP;
                IF v_at IS NOT NULL THEN
                    v_dates := v_dates - v_at;
                ELSE
                    DELETE FROM resource_date o
                     WHERE o.region_id = p_region AND o.type = resource_type AND o.id = resource_id
                       AND o.param = v_old.param AND o.low = v_old.low AND o.high = v_old.high;
                END IF;
            END LOOP;
        END IF;
        FOR d IN 0 .. jsonb_array_length(v_dates) - 1 LOOP
            v_date := v_dates->d;
            INSERT INTO resource_date (region_id, type, id, param, low, high)
            VALUES (p_region, resource_type, resource_id, v_date->>0, (v_date->>1)::timestamptz, (v_date->>2)::timestamptz);
        END LOOP;
        IF g ? 'strings' THEN                                   -- of types that have any
            IF resource_version_no > 1 THEN
                DELETE FROM resource_string o
                 WHERE o.region_id = p_region AND o.type = resource_type AND o.id = resource_id;
            END IF;
            INSERT INTO resource_string (region_id, type, id, param, value)
            SELECT p_region, resource_type, resource_id, v.value->>0, v.value->>1
              FROM jsonb_array_elements(g->'strings') AS v(value);
        END IF;
        RETURN NEXT;
    END LOOP;
END $$;

--
-- Name: save_rows(text, uuid, integer, text, integer, text, timestamp with time zone, text, jsonb); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.save_rows(p_region text, p_instance uuid, p_revision integer, p_key text, p_version integer, p_case text, p_at timestamp with time zone, p_by text, p_rows jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_all jsonb;
    v_row jsonb;
BEGIN
    INSERT INTO history (region_id, instance_id, revision, ordinal, at, path, element_id, event, by, detail)
    SELECT p_region, p_instance, p_revision, (h.value->>'ordinal')::smallint, p_at, h.value->>'path',
           h.value->>'element_id', h.value->>'event', p_by, nullif(h.value->'detail', 'null')
      FROM jsonb_array_elements(p_rows->'history') AS h(value);

    IF p_rows ? 'tasks_done' THEN
        v_all := p_rows->'tasks_done';
        FOR n IN 0 .. jsonb_array_length(v_all) - 1 LOOP
            v_row := v_all->n;
            UPDATE user_task t
               SET state = (v_row->>'state')::user_task_state, revision = t.revision + 1, draft = NULL, completed_at = p_at,
                   completed_by = CASE WHEN v_row->>'state' = 'completed' THEN p_by END
             WHERE t.region_id = p_region AND t.id = (v_row->>'id')::uuid;
        END LOOP;
    END IF;
    IF p_rows ? 'timers_closed' THEN
        v_all := p_rows->'timers_closed';
        FOR n IN 0 .. jsonb_array_length(v_all) - 1 LOOP
            DELETE FROM timer
             WHERE region_id = p_region AND instance_id = p_instance AND wait_id = (v_all->n)::integer;
        END LOOP;
    END IF;
    IF p_rows ? 'subscriptions_closed' THEN
        DELETE FROM message_subscription WHERE region_id = p_region AND instance_id = p_instance
           AND wait_id = ANY (ARRAY(SELECT jsonb_array_elements(p_rows->'subscriptions_closed')::integer));
    END IF;
    IF p_rows ? 'signals_closed' THEN
        DELETE FROM signal_subscription WHERE region_id = p_region AND instance_id = p_instance
           AND wait_id = ANY (ARRAY(SELECT jsonb_array_elements(p_rows->'signals_closed')::integer));
    END IF;
    IF p_rows ? 'jobs_closed' THEN
        DELETE FROM job WHERE region_id = p_region
           AND id = ANY (ARRAY(SELECT jsonb_array_elements_text(p_rows->'jobs_closed')::uuid));
    END IF;
    IF p_rows ? 'incidents_closed' THEN
        UPDATE incident SET resolved_at = p_at, resolved_by = p_by
         WHERE region_id = p_region AND resolved_at IS NULL
           AND id = ANY (ARRAY(SELECT jsonb_array_elements_text(p_rows->'incidents_closed')::uuid));
    END IF;

    IF p_rows ? 'tasks' THEN
        INSERT INTO user_task (region_id, id, instance_id, wait_id, definition_key, definition_version, business_key,
               element_id, path, name, form, form_version, candidate_roles, candidate_users, organisation, assignee,
               priority, window_from, due_at, until_at, clock, state, created_at)
        SELECT p_region, r.id, p_instance, r.wait_id, p_key, p_version, p_case,
               r.element_id, r.path, r.name, r.form, r.form_version, r.candidate_roles, r.candidate_users,
               r.organisation, r.assignee, r.priority, r.window_from, r.due_at, r.until_at, r.clock, r.state, p_at
          FROM jsonb_to_recordset(p_rows->'tasks')
               AS r(id uuid, wait_id integer, element_id text, path text, name text, form text, form_version integer,
                    candidate_roles text[], candidate_users text[], organisation text, assignee text,
                    priority smallint, window_from timestamptz, due_at timestamptz, until_at timestamptz, clock text,
                    state user_task_state)
            ON CONFLICT (region_id, id) DO UPDATE     -- the interpreter changed what an open task says
           SET name = excluded.name, form = excluded.form, form_version = excluded.form_version,
               candidate_roles = excluded.candidate_roles, candidate_users = excluded.candidate_users,
               organisation = excluded.organisation, priority = excluded.priority, clock = excluded.clock,
               window_from = excluded.window_from, due_at = excluded.due_at, until_at = excluded.until_at,
               revision = user_task.revision + 1;
    END IF;
    IF p_rows ? 'timers' THEN
        v_all := p_rows->'timers';
        FOR n IN 0 .. jsonb_array_length(v_all) - 1 LOOP
            v_row := v_all->n;
            INSERT INTO timer (region_id, instance_id, wait_id, element_id, path, due_at, misfire)
            VALUES (p_region, p_instance, (v_row->'wait_id')::integer, v_row->>'element_id', v_row->>'path',
                    (v_row->>'due_at')::timestamptz, v_row->>'misfire')
            ON CONFLICT (region_id, instance_id, wait_id) DO UPDATE       -- the next occurrence of a cycle
               SET due_at = excluded.due_at, misfire = excluded.misfire, attempts = 0, locked_until = NULL;
        END LOOP;
    END IF;
    IF p_rows ? 'subscriptions' THEN
        -- Whoever buffers a message holds the same lock: one of the two always sees the other.
        PERFORM pg_advisory_xact_lock(k)
           FROM (SELECT DISTINCT message_lock(p_region, r.name, r.key) AS k
                   FROM jsonb_to_recordset(p_rows->'subscriptions') AS r(name text, key text) ORDER BY 1) AS locks;
        INSERT INTO message_subscription (region_id, instance_id, wait_id, element_id, path, name, key, opened_at)
        SELECT p_region, p_instance, r.wait_id, r.element_id, r.path, r.name, r.key, p_at
          FROM jsonb_to_recordset(p_rows->'subscriptions')
               AS r(wait_id integer, element_id text, path text, name text, key text)
            ON CONFLICT (region_id, instance_id, wait_id) DO UPDATE SET name = excluded.name, key = excluded.key;
    END IF;
    IF p_rows ? 'signals' THEN
        INSERT INTO signal_subscription (region_id, instance_id, wait_id, element_id, path, name)
        SELECT p_region, p_instance, r.wait_id, r.element_id, r.path, r.name
          FROM jsonb_to_recordset(p_rows->'signals') AS r(wait_id integer, element_id text, path text, name text)
            ON CONFLICT (region_id, instance_id, wait_id) DO UPDATE SET name = excluded.name;
    END IF;
    IF p_rows ? 'jobs' THEN
        INSERT INTO job (region_id, id, instance_id, wait_id, element_id, path, type, headers, variables, retries_left,
               due_at)
        SELECT p_region, r.id, p_instance, r.wait_id, r.element_id, r.path, r.type, r.headers, r.variables, r.retries,
               p_at
          FROM jsonb_to_recordset(p_rows->'jobs')
               AS r(id uuid, wait_id integer, element_id text, path text, type text, headers jsonb, variables jsonb,
                    retries smallint)
            ON CONFLICT (region_id, id) DO UPDATE     -- tried again after an incident
           SET headers = excluded.headers, variables = excluded.variables, retries_left = excluded.retries_left,
               state = 'waiting', due_at = excluded.due_at, attempts = 0, locked_by = NULL, locked_until = NULL,
               lease = NULL, message = NULL;
    END IF;
    IF p_rows ? 'incidents' THEN
        INSERT INTO incident (region_id, id, instance_id, wait_id, element_id, path, kind, message_zh, message_en,
               detail, opened_at)
        SELECT p_region, r.id, p_instance, r.wait_id, r.element_id, r.path, r.kind, r.message_zh, r.message_en,
               r.detail, p_at
          FROM jsonb_to_recordset(p_rows->'incidents')
               AS r(id uuid, wait_id integer, element_id text, path text, kind text, message_zh text, message_en text,
                    detail jsonb)
            ON CONFLICT (region_id, id) DO UPDATE
           SET kind = excluded.kind, message_zh = excluded.message_zh, message_en = excluded.message_en,
               detail = excluded.detail, opened_at = excluded.opened_at, resolved_at = NULL, resolved_by = NULL;
    END IF;
    IF p_rows ? 'messages' THEN
        INSERT INTO message (region_id, id, kind, name, key, payload, source, state, published_at, expires_at)
        SELECT p_region, r.id, r.kind, r.name, r.key, r.payload, p_instance, 'published', p_at,
               p_at + interval '7 days'
          FROM jsonb_to_recordset(p_rows->'messages') AS r(id uuid, kind text, name text, key text, payload jsonb);
    END IF;
    IF p_rows ? 'events' THEN
        INSERT INTO outbox (region_id, instance_id, revision, at, events)
        VALUES (p_region, p_instance, p_revision, p_at, p_rows->'events');
    END IF;
END $$;

--
-- Name: save_step(text, uuid, integer, public.instance_status, smallint, bytea, jsonb, timestamp with time zone, text, jsonb); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.save_step(p_region text, p_instance uuid, p_revision integer, p_status public.instance_status, p_codec smallint, p_state bytea, p_written jsonb, p_at timestamp with time zone, p_by text, p_rows jsonb) RETURNS void
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    v_key     text;
    v_version integer;
    v_case    text;
BEGIN
    UPDATE instance
       SET revision = p_revision + 1, status = p_status,
           codec = coalesce(p_codec, codec), state = coalesce(p_state, state),   -- null: no token moved
           variables = CASE WHEN p_written IS NULL THEN variables ELSE variables || p_written END,
           ended_at = CASE WHEN p_status IN ('completed', 'terminated') THEN p_at END
     WHERE region_id = p_region AND id = p_instance AND revision = p_revision
    RETURNING definition_key, definition_version, business_key INTO v_key, v_version, v_case;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'instance % is not at revision %', p_instance, p_revision USING ERRCODE = 'YT001';
    END IF;
    PERFORM save_rows(p_region, p_instance, p_revision + 1, v_key, v_version, v_case, p_at, p_by, p_rows);
END $$;

--
-- Name: start_instance(text, uuid, text, integer, text, public.instance_status, smallint, bytea, jsonb, jsonb, timestamp with time zone, text, jsonb); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.start_instance(p_region text, p_instance uuid, p_key text, p_version integer, p_case text, p_status public.instance_status, p_codec smallint, p_state bytea, p_variables jsonb, p_pins jsonb, p_at timestamp with time zone, p_by text, p_rows jsonb) RETURNS void
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    AS $$
BEGIN
    INSERT INTO instance (region_id, id, definition_key, definition_version, business_key, status, revision, codec,
           state, variables, pins, started_at, ended_at)
    VALUES (p_region, p_instance, p_key, p_version, p_case, p_status, 1, p_codec, p_state, p_variables, p_pins, p_at,
            CASE WHEN p_status IN ('completed', 'terminated') THEN p_at END);
    PERFORM save_rows(p_region, p_instance, 1, p_key, p_version, p_case, p_at, p_by, p_rows);
END $$;

--
-- Name: start_instance(text, uuid, text, integer, text, public.instance_status, smallint, bytea, jsonb, jsonb, jsonb, timestamp with time zone, text, jsonb); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.start_instance(p_region text, p_instance uuid, p_key text, p_version integer, p_case text, p_status public.instance_status, p_codec smallint, p_state bytea, p_variables jsonb, p_given jsonb, p_pins jsonb, p_at timestamp with time zone, p_by text, p_rows jsonb) RETURNS void
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    AS $$
BEGIN
    IF NOT given_is_apart() THEN
        p_variables := p_given || p_variables;
        p_given := '{}';
    END IF;
    INSERT INTO instance (region_id, id, definition_key, definition_version, business_key, status, revision, codec,
           state, variables, given, pins, started_at, ended_at)
    VALUES (p_region, p_instance, p_key, p_version, p_case, p_status, 1, p_codec, p_state, p_variables, p_given, p_pins,
            p_at, CASE WHEN p_status IN ('completed', 'terminated') THEN p_at END);
    PERFORM save_rows(p_region, p_instance, 1, p_key, p_version, p_case, p_at, p_by, p_rows);
END $$;

--
-- Name: stored_forms(text, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.stored_forms(p_region text, p_pregnancy text, p_form text) RETURNS TABLE(body jsonb, updated_at timestamp with time zone)
    LANGUAGE sql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
SELECT x.body::jsonb, r.updated_at
  FROM resource r
  JOIN resource_version x ON x.region_id = r.region_id AND x.type = r.type AND x.id = r.id AND x.version = r.version
 WHERE r.region_id = p_region AND r.type = 'QuestionnaireResponse' AND r.episode_id = p_pregnancy AND NOT r.deleted
   AND x.body LIKE '%/Questionnaire/' || p_form || '|%' AND x.body NOT LIKE '%"status":"entered-in-error"%'
$$;

--
-- Name: visits_done(text, uuid, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.visits_done(p_region text, p_instance uuid, p_pregnancy text) RETURNS integer
    LANGUAGE sql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
SELECT done.first + greatest(done.later - (
           SELECT count(*)::integer FROM stored_forms(p_region, p_pregnancy, 'anc-visit') s
            WHERE EXISTS (SELECT FROM form_answers(s.body, 'urged_only') a WHERE a -> 'valueBoolean' = 'true')
               OR EXISTS (SELECT FROM form_answers(s.body, 'contact') a WHERE a #>> '{valueCoding,code}' IN ('lost', 'died'))), 0)
  FROM (SELECT (count(*) FILTER (WHERE t.element_id = 'task_first_visit') > 0)::integer AS first,
               (count(*) FILTER (WHERE t.element_id = 'task_antenatal_visit'))::integer AS later
          FROM user_task t
         WHERE t.region_id = p_region AND t.instance_id = p_instance AND t.state = 'completed'
           AND t.element_id IN ('task_first_visit', 'task_antenatal_visit')) done
$$;

--
-- Name: procrastinate_events; Type: TABLE; Schema: procrastinate; Owner: -
--

CREATE TABLE procrastinate.procrastinate_events (
    id bigint NOT NULL,
    job_id bigint NOT NULL,
    type procrastinate.procrastinate_job_event_type,
    at timestamp with time zone DEFAULT now()
);

ALTER TABLE ONLY procrastinate.procrastinate_events FORCE ROW LEVEL SECURITY;

--
-- Name: procrastinate_events_id_seq; Type: SEQUENCE; Schema: procrastinate; Owner: -
--

CREATE SEQUENCE procrastinate.procrastinate_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

--
-- Name: procrastinate_events_id_seq; Type: SEQUENCE OWNED BY; Schema: procrastinate; Owner: -
--

ALTER SEQUENCE procrastinate.procrastinate_events_id_seq OWNED BY procrastinate.procrastinate_events.id;

--
-- Name: procrastinate_jobs_id_seq; Type: SEQUENCE; Schema: procrastinate; Owner: -
--

CREATE SEQUENCE procrastinate.procrastinate_jobs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

--
-- Name: procrastinate_jobs_id_seq; Type: SEQUENCE OWNED BY; Schema: procrastinate; Owner: -
--

ALTER SEQUENCE procrastinate.procrastinate_jobs_id_seq OWNED BY procrastinate.procrastinate_jobs.id;

--
-- Name: procrastinate_periodic_defers; Type: TABLE; Schema: procrastinate; Owner: -
--

CREATE TABLE procrastinate.procrastinate_periodic_defers (
    id bigint NOT NULL,
    task_name character varying(128) NOT NULL,
    defer_timestamp bigint,
    job_id bigint,
    periodic_id character varying(128) DEFAULT ''::character varying NOT NULL
);

ALTER TABLE ONLY procrastinate.procrastinate_periodic_defers FORCE ROW LEVEL SECURITY;

--
-- Name: procrastinate_periodic_defers_id_seq; Type: SEQUENCE; Schema: procrastinate; Owner: -
--

CREATE SEQUENCE procrastinate.procrastinate_periodic_defers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

--
-- Name: procrastinate_periodic_defers_id_seq; Type: SEQUENCE OWNED BY; Schema: procrastinate; Owner: -
--

ALTER SEQUENCE procrastinate.procrastinate_periodic_defers_id_seq OWNED BY procrastinate.procrastinate_periodic_defers.id;

--
-- Name: procrastinate_workers; Type: TABLE; Schema: procrastinate; Owner: -
--

CREATE TABLE procrastinate.procrastinate_workers (
    id bigint NOT NULL,
    last_heartbeat timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY procrastinate.procrastinate_workers FORCE ROW LEVEL SECURITY;

--
-- Name: procrastinate_workers_id_seq; Type: SEQUENCE; Schema: procrastinate; Owner: -
--

ALTER TABLE procrastinate.procrastinate_workers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME procrastinate.procrastinate_workers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: access_token; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.access_token (
    region_id text NOT NULL,
    token_hash bytea NOT NULL,
    account_id uuid,
    client_id uuid,
    scopes text[] DEFAULT '{}'::text[] NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT access_token_has_one_owner CHECK (((account_id IS NULL) <> (client_id IS NULL)))
);

ALTER TABLE ONLY public.access_token FORCE ROW LEVEL SECURITY;

--
-- Name: account; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.account (
    region_id text NOT NULL,
    id uuid NOT NULL,
    login text NOT NULL,
    name text NOT NULL,
    organisation_id text NOT NULL,
    password_hash text NOT NULL,
    active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone NOT NULL,
    device_key bytea DEFAULT decode(replace(((gen_random_uuid())::text || (gen_random_uuid())::text), '-'::text, ''::text), 'hex'::text) NOT NULL,
    CONSTRAINT account_device_key_is_256_bits CHECK ((length(device_key) = 32)),
    CONSTRAINT account_login_check CHECK (((login = lower(login)) AND (login <> ''::text)))
);

ALTER TABLE ONLY public.account FORCE ROW LEVEL SECURITY;

--
-- Name: account_role; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.account_role (
    region_id text NOT NULL,
    account_id uuid NOT NULL,
    role text NOT NULL,
    granted_at timestamp with time zone NOT NULL,
    granted_by text NOT NULL
);

ALTER TABLE ONLY public.account_role FORCE ROW LEVEL SECURITY;

--
-- Name: app; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.app (
    region_id text NOT NULL,
    client_id uuid NOT NULL,
    title text NOT NULL,
    redirect_uris text[] NOT NULL,
    launch_uri text,
    authentication text NOT NULL,
    secret_hash bytea,
    CONSTRAINT app_authentication_check CHECK ((authentication = ANY (ARRAY['none'::text, 'client_secret_basic'::text, 'private_key_jwt'::text]))),
    CONSTRAINT app_has_a_secret_iff_it_uses_one CHECK (((authentication = 'client_secret_basic'::text) = (secret_hash IS NOT NULL))),
    CONSTRAINT app_redirect_uris_check CHECK ((cardinality(redirect_uris) > 0)),
    CONSTRAINT app_title_check CHECK ((title <> ''::text))
);

ALTER TABLE ONLY public.app FORCE ROW LEVEL SECURITY;

--
-- Name: app_grant; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.app_grant (
    region_id text NOT NULL,
    id uuid NOT NULL,
    client_id uuid NOT NULL,
    account_id uuid NOT NULL,
    scopes text[] NOT NULL,
    patient_id text,
    pregnancy_id text,
    redirect_uri text NOT NULL,
    code_hash bytea NOT NULL,
    code_challenge text NOT NULL,
    nonce text,
    granted_at timestamp with time zone NOT NULL,
    code_expires_at timestamp with time zone NOT NULL,
    redeemed_at timestamp with time zone,
    session_hash bytea NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    encounter_id text
);

ALTER TABLE ONLY public.app_grant FORCE ROW LEVEL SECURITY;

--
-- Name: app_launch; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.app_launch (
    region_id text NOT NULL,
    token_hash bytea NOT NULL,
    client_id uuid NOT NULL,
    account_id uuid NOT NULL,
    pregnancy_id text NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.app_launch FORCE ROW LEVEL SECURITY;

--
-- Name: app_token; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.app_token (
    region_id text NOT NULL,
    token_hash bytea NOT NULL,
    grant_id uuid NOT NULL,
    kind text NOT NULL,
    scopes text[] NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT app_token_kind_check CHECK ((kind = ANY (ARRAY['access'::text, 'refresh'::text]))),
    CONSTRAINT app_token_used_is_a_refresh_token CHECK (((used_at IS NULL) OR (kind = 'refresh'::text)))
);

ALTER TABLE ONLY public.app_token FORCE ROW LEVEL SECURITY;

--
-- Name: archive; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.archive (
    region_id text NOT NULL,
    id uuid NOT NULL,
    file text NOT NULL,
    sha256 text NOT NULL,
    instances integer NOT NULL,
    row_count bigint NOT NULL,
    keep_until date NOT NULL,
    written_at timestamp with time zone NOT NULL,
    written_by text NOT NULL
);

ALTER TABLE ONLY public.archive FORCE ROW LEVEL SECURITY;

--
-- Name: archived_instance; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.archived_instance (
    region_id text NOT NULL,
    instance_id uuid NOT NULL,
    archive_id uuid NOT NULL,
    definition_key text NOT NULL,
    definition_version integer NOT NULL,
    business_key text,
    status public.instance_status NOT NULL,
    revision integer NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone NOT NULL,
    swept_at timestamp with time zone
);

ALTER TABLE ONLY public.archived_instance FORCE ROW LEVEL SECURITY;

--
-- Name: arrival; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.arrival (
    region_id text NOT NULL,
    id uuid NOT NULL,
    client text NOT NULL,
    channel text NOT NULL,
    origin text NOT NULL,
    control_id text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    digest text NOT NULL,
    body bytea NOT NULL,
    corrects uuid,
    corrected_by text,
    CONSTRAINT arrival_channel_check CHECK ((channel = ANY (ARRAY['hl7v2'::text, 'cda'::text, 'csv'::text, 'view'::text, 'fhir'::text, 'document'::text]))),
    CONSTRAINT arrival_is_corrected_by_somebody CHECK (((corrects IS NULL) = (corrected_by IS NULL)))
);

ALTER TABLE ONLY public.arrival FORCE ROW LEVEL SECURITY;

--
-- Name: arrival_outcome; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.arrival_outcome (
    region_id text NOT NULL,
    arrival_id uuid NOT NULL,
    client text NOT NULL,
    channel text NOT NULL,
    kind text DEFAULT ''::text NOT NULL,
    state public.arrival_state DEFAULT 'waiting'::public.arrival_state NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    problems jsonb DEFAULT '[]'::jsonb NOT NULL,
    became jsonb DEFAULT '[]'::jsonb NOT NULL,
    repeats integer DEFAULT 0 NOT NULL,
    received_at timestamp with time zone NOT NULL,
    at timestamp with time zone NOT NULL,
    by text,
    reason text,
    notes jsonb DEFAULT '[]'::jsonb NOT NULL,
    CONSTRAINT arrival_outcome_discarded_by_somebody CHECK (((state <> 'discarded'::public.arrival_state) OR ((by IS NOT NULL) AND (reason IS NOT NULL))))
);

ALTER TABLE ONLY public.arrival_outcome FORCE ROW LEVEL SECURITY;

--
-- Name: audit; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.audit (
    region_id text NOT NULL,
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    actor_id text NOT NULL,
    actor_kind text NOT NULL,
    organisation text,
    action text NOT NULL,
    subject_kind text NOT NULL,
    subject_id text,
    detail jsonb
);

ALTER TABLE ONLY public.audit FORCE ROW LEVEL SECURITY;

--
-- Name: audit_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.audit ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: batch; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.batch (
    region_id text NOT NULL,
    id uuid NOT NULL,
    operation text NOT NULL,
    parameters jsonb NOT NULL,
    query jsonb NOT NULL,
    state public.batch_state NOT NULL,
    rate real NOT NULL,
    reason text NOT NULL,
    total integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by jsonb NOT NULL,
    ended_at timestamp with time zone,
    paced_at timestamp with time zone NOT NULL,
    CONSTRAINT batch_has_ended_iff_final CHECK (((state = ANY (ARRAY['cancelled'::public.batch_state, 'completed'::public.batch_state])) = (ended_at IS NOT NULL))),
    CONSTRAINT batch_operation_check CHECK ((operation = ANY (ARRAY['migrate'::text, 'revert'::text, 'modify'::text, 'suspend'::text, 'activate'::text, 'terminate'::text, 'variables'::text, 'retry'::text]))),
    CONSTRAINT batch_rate_check CHECK ((rate > (0)::double precision))
);

ALTER TABLE ONLY public.batch FORCE ROW LEVEL SECURITY;

--
-- Name: batch_item; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.batch_item (
    region_id text NOT NULL,
    batch_id uuid NOT NULL,
    instance_id uuid NOT NULL,
    state public.batch_item_state DEFAULT 'waiting'::public.batch_item_state NOT NULL,
    attempts smallint DEFAULT 0 NOT NULL,
    locked_until timestamp with time zone,
    at timestamp with time zone,
    code text,
    message_zh text,
    message_en text
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.batch_item FORCE ROW LEVEL SECURITY;

--
-- Name: client; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.client (
    region_id text NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    organisation_id text NOT NULL,
    scopes text[] NOT NULL,
    jwks jsonb NOT NULL,
    active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone NOT NULL,
    tolerances text[] DEFAULT '{}'::text[] NOT NULL
);

ALTER TABLE ONLY public.client FORCE ROW LEVEL SECURITY;

--
-- Name: client_assertion; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.client_assertion (
    region_id text NOT NULL,
    client_id uuid NOT NULL,
    jti text NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.client_assertion FORCE ROW LEVEL SECURITY;

--
-- Name: client_code; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.client_code (
    region_id text NOT NULL,
    client text NOT NULL,
    system text NOT NULL,
    code text NOT NULL,
    item text NOT NULL,
    unit text,
    by text NOT NULL,
    at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.client_code FORCE ROW LEVEL SECURITY;

--
-- Name: client_count; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.client_count (
    region_id text NOT NULL,
    client text NOT NULL,
    on_day date NOT NULL,
    kind text NOT NULL,
    type text NOT NULL,
    interaction text NOT NULL,
    detail text NOT NULL,
    place text DEFAULT ''::text NOT NULL,
    count bigint NOT NULL,
    last_at timestamp with time zone NOT NULL,
    CONSTRAINT client_count_kind_check CHECK ((kind = ANY (ARRAY['traffic'::text, 'error'::text, 'tolerance'::text])))
);

ALTER TABLE ONLY public.client_count FORCE ROW LEVEL SECURITY;

--
-- Name: client_inbound; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.client_inbound (
    region_id text NOT NULL,
    client text NOT NULL,
    text text NOT NULL,
    by text NOT NULL,
    at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.client_inbound FORCE ROW LEVEL SECURITY;

--
-- Name: client_key_address; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.client_key_address (
    region_id text NOT NULL,
    client_id uuid NOT NULL,
    address text NOT NULL,
    network text NOT NULL,
    read_at timestamp with time zone,
    CONSTRAINT client_key_address_network_check CHECK ((network = ANY (ARRAY['public'::text, 'intranet'::text, 'loopback'::text])))
);

ALTER TABLE ONLY public.client_key_address FORCE ROW LEVEL SECURITY;

--
-- Name: definition; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.definition (
    kind text NOT NULL,
    key text NOT NULL,
    version integer NOT NULL,
    name text,
    version_tag text,
    resource text NOT NULL,
    sha256 text NOT NULL,
    source bytea NOT NULL,
    warnings jsonb DEFAULT '[]'::jsonb NOT NULL,
    deployment_id bigint NOT NULL,
    CONSTRAINT definition_kind_check CHECK ((kind = ANY (ARRAY['process'::text, 'decision'::text, 'form'::text]))),
    CONSTRAINT definition_version_check CHECK ((version > 0))
);

ALTER TABLE ONLY public.definition FORCE ROW LEVEL SECURITY;

--
-- Name: definition_suspension; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.definition_suspension (
    key text NOT NULL,
    version integer NOT NULL,
    at timestamp with time zone NOT NULL,
    by text NOT NULL,
    reason text NOT NULL
);

ALTER TABLE ONLY public.definition_suspension FORCE ROW LEVEL SECURITY;

--
-- Name: delivery; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.delivery (
    region_id text NOT NULL,
    destination text NOT NULL,
    stream uuid NOT NULL,
    revision integer NOT NULL,
    at timestamp with time zone NOT NULL,
    events jsonb NOT NULL,
    state public.delivery_state DEFAULT 'waiting'::public.delivery_state NOT NULL,
    attempts smallint DEFAULT 0 NOT NULL,
    due_at timestamp with time zone NOT NULL,
    give_up_at timestamp with time zone NOT NULL,
    locked_until timestamp with time zone,
    problem text
);

ALTER TABLE ONLY public.delivery FORCE ROW LEVEL SECURITY;

--
-- Name: deployment; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.deployment (
    id bigint NOT NULL,
    deployed_at timestamp with time zone NOT NULL,
    deployed_by text NOT NULL
);

ALTER TABLE ONLY public.deployment FORCE ROW LEVEL SECURITY;

--
-- Name: deployment_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.deployment ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.deployment_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: document_that_came; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.document_that_came (
    region_id text NOT NULL,
    id uuid NOT NULL,
    patient_id text NOT NULL,
    owner text NOT NULL,
    labels text[] DEFAULT '{}'::text[] NOT NULL,
    series text NOT NULL,
    number text NOT NULL,
    code text NOT NULL,
    title text NOT NULL,
    told_at text,
    created_at timestamp with time zone NOT NULL,
    body bytea NOT NULL,
    size integer,
    sha1 bytea,
    sha256 bytea
);

ALTER TABLE ONLY public.document_that_came FORCE ROW LEVEL SECURITY;

--
-- Name: export_file; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.export_file (
    region_id text NOT NULL,
    job_id uuid NOT NULL,
    number integer NOT NULL,
    kind text NOT NULL,
    type text NOT NULL,
    lines bigint NOT NULL,
    parts integer NOT NULL,
    CONSTRAINT export_file_kind_check CHECK ((kind = ANY (ARRAY['output'::text, 'deleted'::text])))
);

ALTER TABLE ONLY public.export_file FORCE ROW LEVEL SECURITY;

--
-- Name: export_job; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.export_job (
    region_id text NOT NULL,
    id uuid NOT NULL,
    client_id uuid NOT NULL,
    organisation_id text,
    scopes text[] NOT NULL,
    request text NOT NULL,
    base text NOT NULL,
    types text[] NOT NULL,
    of_patients boolean NOT NULL,
    group_id text,
    since timestamp with time zone,
    state public.export_state DEFAULT 'open'::public.export_state NOT NULL,
    attempts smallint DEFAULT 0 NOT NULL,
    written bigint DEFAULT 0 NOT NULL,
    problem text,
    requested_at timestamp with time zone NOT NULL,
    moment timestamp with time zone,
    expires_at timestamp with time zone NOT NULL,
    until timestamp with time zone,
    filters text[] DEFAULT '{}'::text[] NOT NULL,
    elements text[] DEFAULT '{}'::text[] NOT NULL,
    patients text[],
    CONSTRAINT export_job_is_of_a_moment_when_done CHECK (((state <> 'done'::public.export_state) OR (moment IS NOT NULL)))
);

ALTER TABLE ONLY public.export_job FORCE ROW LEVEL SECURITY;

--
-- Name: export_part; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.export_part (
    region_id text NOT NULL,
    job_id uuid NOT NULL,
    file integer NOT NULL,
    number integer NOT NULL,
    content bytea NOT NULL
);
ALTER TABLE ONLY public.export_part ALTER COLUMN content SET STORAGE EXTERNAL;

ALTER TABLE ONLY public.export_part FORCE ROW LEVEL SECURITY;

--
-- Name: fhir_document; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.fhir_document (
    region_id text NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    patient_id text NOT NULL,
    episode_id text,
    owner text NOT NULL,
    labels text[] DEFAULT '{}'::text[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    replaces uuid,
    body text NOT NULL,
    referral_no text,
    came_from text
);

ALTER TABLE ONLY public.fhir_document FORCE ROW LEVEL SECURITY;

--
-- Name: history; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.history (
    region_id text NOT NULL,
    instance_id uuid NOT NULL,
    revision integer NOT NULL,
    ordinal smallint NOT NULL,
    at timestamp with time zone NOT NULL,
    path text NOT NULL,
    element_id text NOT NULL,
    event text NOT NULL,
    by text NOT NULL,
    detail jsonb
);

ALTER TABLE ONLY public.history FORCE ROW LEVEL SECURITY;

--
-- Name: history_policy; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.history_policy (
    region_id text NOT NULL,
    definition_key text NOT NULL,
    keep_days integer NOT NULL,
    reason text NOT NULL,
    set_at timestamp with time zone NOT NULL,
    set_by text NOT NULL,
    CONSTRAINT history_policy_keep_days_check CHECK ((keep_days >= 0))
);

ALTER TABLE ONLY public.history_policy FORCE ROW LEVEL SECURITY;

--
-- Name: hospital_person; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.hospital_person (
    region_id text NOT NULL,
    issuer text NOT NULL,
    external text NOT NULL,
    account_id uuid NOT NULL,
    mapped_at timestamp with time zone NOT NULL,
    mapped_by text NOT NULL
);

ALTER TABLE ONLY public.hospital_person FORCE ROW LEVEL SECURITY;

--
-- Name: hospital_sign_in; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.hospital_sign_in (
    region_id text NOT NULL,
    state_hash bytea NOT NULL,
    browser_hash bytea NOT NULL,
    issuer text NOT NULL,
    verifier text NOT NULL,
    nonce text NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.hospital_sign_in FORCE ROW LEVEL SECURITY;

--
-- Name: http_answer; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.http_answer (
    region_id text NOT NULL,
    client text NOT NULL,
    key text NOT NULL,
    request_hash text NOT NULL,
    status smallint,
    body jsonb,
    at timestamp with time zone NOT NULL,
    held_until timestamp with time zone,
    fence integer DEFAULT 1 NOT NULL
);

ALTER TABLE ONLY public.http_answer FORCE ROW LEVEL SECURITY;

--
-- Name: COLUMN http_answer.body; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.http_answer.body IS 'while the first request still runs what it set out to do, then its answer';

--
-- Name: idempotency; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.idempotency (
    region_id text NOT NULL,
    client text NOT NULL,
    key text NOT NULL,
    request_hash text NOT NULL,
    answer jsonb NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_cost_delay='0');

ALTER TABLE ONLY public.idempotency FORCE ROW LEVEL SECURITY;

--
-- Name: identity_key; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.identity_key (
    region_id text NOT NULL,
    kid text NOT NULL,
    private_key text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    retired_at timestamp with time zone
);

ALTER TABLE ONLY public.identity_key FORCE ROW LEVEL SECURITY;

--
-- Name: import_batch; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.import_batch (
    region_id text NOT NULL,
    id uuid NOT NULL,
    source text NOT NULL,
    sha256 text NOT NULL,
    row_count integer NOT NULL,
    imported_at timestamp with time zone NOT NULL,
    imported_by text NOT NULL,
    CONSTRAINT import_batch_row_count_check CHECK ((row_count > 0))
);

ALTER TABLE ONLY public.import_batch FORCE ROW LEVEL SECURITY;

--
-- Name: import_row; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.import_row (
    region_id text NOT NULL,
    batch_id uuid NOT NULL,
    number integer NOT NULL,
    happened_on date NOT NULL,
    body jsonb NOT NULL,
    state public.import_state NOT NULL,
    pregnancy_id text,
    settled_as text,
    settled_at timestamp with time zone,
    settled_by text,
    CONSTRAINT import_row_is_matched_to_a_case CHECK (((state = 'matched'::public.import_state) <= (pregnancy_id IS NOT NULL))),
    CONSTRAINT import_row_is_settled_by_somebody CHECK (((state = 'settled'::public.import_state) = (settled_by IS NOT NULL))),
    CONSTRAINT import_row_number_check CHECK ((number > 0))
);

ALTER TABLE ONLY public.import_row FORCE ROW LEVEL SECURITY;

--
-- Name: inbound_burst; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.inbound_burst (
    region_id text NOT NULL,
    episode_id text NOT NULL,
    facts jsonb NOT NULL,
    results integer NOT NULL,
    first_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    observed jsonb DEFAULT '{}'::jsonb NOT NULL
);

ALTER TABLE ONLY public.inbound_burst FORCE ROW LEVEL SECURITY;

--
-- Name: inbound_event; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.inbound_event (
    region_id text NOT NULL,
    type text NOT NULL,
    id text NOT NULL,
    version integer NOT NULL,
    event text NOT NULL,
    episode_id text,
    result text NOT NULL,
    at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.inbound_event FORCE ROW LEVEL SECURITY;

--
-- Name: inbound_mark; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.inbound_mark (
    region_id text NOT NULL,
    client text NOT NULL,
    name text NOT NULL,
    mark timestamp with time zone NOT NULL,
    at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.inbound_mark FORCE ROW LEVEL SECURITY;

--
-- Name: inbox_item; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.inbox_item (
    region_id text NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    source text NOT NULL,
    type text,
    resource_id text,
    version integer,
    patient_id text,
    reason text NOT NULL,
    at timestamp with time zone NOT NULL,
    state public.inbox_state DEFAULT 'open'::public.inbox_state NOT NULL,
    episode_id text,
    decided_at timestamp with time zone,
    decided_by text,
    arrival_id text DEFAULT ''::text NOT NULL,
    CONSTRAINT inbox_item_is_decided_by_somebody CHECK (((state = 'open'::public.inbox_state) = (decided_at IS NULL))),
    CONSTRAINT inbox_item_kind_check CHECK ((kind = ANY (ARRAY['several-cases'::text, 'withdrawn-evidence'::text, 'merged-patient'::text, 'deceased-child'::text, 'unreadable'::text, 'unknown-patient'::text, 'unmapped-code'::text, 'identity-differs'::text])))
);

ALTER TABLE ONLY public.inbox_item FORCE ROW LEVEL SECURITY;

--
-- Name: incident; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.incident (
    region_id text NOT NULL,
    id uuid NOT NULL,
    instance_id uuid NOT NULL,
    wait_id integer,
    element_id text NOT NULL,
    path text NOT NULL,
    kind text NOT NULL,
    message_zh text NOT NULL,
    message_en text NOT NULL,
    detail jsonb,
    retries_left smallint DEFAULT 0 NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    resolved_at timestamp with time zone,
    resolved_by text,
    owner text
);

ALTER TABLE ONLY public.incident FORCE ROW LEVEL SECURITY;

--
-- Name: instance; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.instance (
    region_id text NOT NULL,
    id uuid NOT NULL,
    definition_key text NOT NULL,
    definition_version integer NOT NULL,
    business_key text,
    status public.instance_status NOT NULL,
    revision integer NOT NULL,
    codec smallint NOT NULL,
    state bytea NOT NULL,
    variables jsonb NOT NULL,
    pins jsonb NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    given jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT instance_has_ended_iff_final CHECK (((status >= 'completed'::public.instance_status) = (ended_at IS NOT NULL)))
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_cost_delay='0');
ALTER TABLE ONLY public.instance ALTER COLUMN state SET STORAGE EXTERNAL;

ALTER TABLE ONLY public.instance FORCE ROW LEVEL SECURITY;

--
-- Name: instance_before; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.instance_before (
    region_id text NOT NULL,
    instance_id uuid NOT NULL,
    revision integer NOT NULL,
    definition_version integer NOT NULL,
    pins jsonb NOT NULL,
    codec smallint NOT NULL,
    state bytea NOT NULL,
    at timestamp with time zone NOT NULL
)
WITH (fillfactor='90');
ALTER TABLE ONLY public.instance_before ALTER COLUMN state SET STORAGE EXTERNAL;

ALTER TABLE ONLY public.instance_before FORCE ROW LEVEL SECURITY;

--
-- Name: institution_record; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.institution_record (
    region_id text NOT NULL,
    id uuid NOT NULL,
    organisation text NOT NULL,
    kind text NOT NULL,
    body jsonb NOT NULL,
    since date NOT NULL,
    until date,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    withdrawn_at timestamp with time zone,
    withdrawn_by text,
    CONSTRAINT institution_record_ends_after_it_began CHECK ((until >= since)),
    CONSTRAINT institution_record_is_withdrawn_by_somebody CHECK (((withdrawn_at IS NULL) = (withdrawn_by IS NULL))),
    CONSTRAINT institution_record_kind_check CHECK ((kind ~ '^[a-z][a-z_]{1,30}$'::text))
);

ALTER TABLE ONLY public.institution_record FORCE ROW LEVEL SECURITY;

--
-- Name: job; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.job (
    region_id text NOT NULL,
    id uuid NOT NULL,
    instance_id uuid NOT NULL,
    wait_id integer NOT NULL,
    element_id text NOT NULL,
    path text NOT NULL,
    type text NOT NULL,
    headers jsonb NOT NULL,
    variables jsonb NOT NULL,
    state public.job_state DEFAULT 'waiting'::public.job_state NOT NULL,
    retries_left smallint NOT NULL,
    attempts smallint DEFAULT 0 NOT NULL,
    due_at timestamp with time zone NOT NULL,
    locked_by text,
    locked_until timestamp with time zone,
    lease text,
    message text,
    CONSTRAINT job_is_locked_iff_running CHECK (((state = 'running'::public.job_state) = ((lease IS NOT NULL) AND (locked_until IS NOT NULL)))),
    CONSTRAINT job_retries_left_check CHECK ((retries_left >= 0))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_cost_delay='0');

ALTER TABLE ONLY public.job FORCE ROW LEVEL SECURITY;

--
-- Name: launching_hospital; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.launching_hospital (
    region_id text NOT NULL,
    issuer text NOT NULL,
    title text NOT NULL,
    organisation_id text NOT NULL,
    client_id text NOT NULL,
    authentication text NOT NULL,
    scopes text NOT NULL,
    origins text[] NOT NULL,
    identifiers text[] NOT NULL,
    network text NOT NULL,
    active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT launching_hospital_authentication_check CHECK ((authentication = ANY (ARRAY['none'::text, 'private_key_jwt'::text]))),
    CONSTRAINT launching_hospital_network_check CHECK ((network = ANY (ARRAY['public'::text, 'intranet'::text, 'loopback'::text]))),
    CONSTRAINT launching_hospital_title_check CHECK ((title <> ''::text))
);

ALTER TABLE ONLY public.launching_hospital FORCE ROW LEVEL SECURITY;

--
-- Name: manual_clock; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.manual_clock (
    only_row boolean DEFAULT true NOT NULL,
    now timestamp with time zone NOT NULL,
    CONSTRAINT manual_clock_only_row_check CHECK (only_row)
);

ALTER TABLE ONLY public.manual_clock FORCE ROW LEVEL SECURITY;

--
-- Name: merged_record; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.merged_record (
    region_id text NOT NULL,
    kind text NOT NULL,
    old_id text NOT NULL,
    survivor_id text NOT NULL,
    at timestamp with time zone NOT NULL,
    by text NOT NULL,
    CONSTRAINT merged_record_is_another CHECK ((old_id <> survivor_id)),
    CONSTRAINT merged_record_kind_check CHECK ((kind = ANY (ARRAY['patient'::text, 'pregnancy'::text])))
);

ALTER TABLE ONLY public.merged_record FORCE ROW LEVEL SECURITY;

--
-- Name: message; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.message (
    region_id text NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    key text NOT NULL,
    message_id text,
    payload jsonb NOT NULL,
    source uuid,
    state public.message_state NOT NULL,
    instance_id uuid,
    published_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    attempts smallint DEFAULT 0 NOT NULL,
    locked_until timestamp with time zone,
    problem text,
    CONSTRAINT message_has_receiver CHECK (((state <> 'delivered'::public.message_state) OR (kind = 'signal'::text) OR (instance_id IS NOT NULL))),
    CONSTRAINT message_kind_check CHECK ((kind = ANY (ARRAY['message'::text, 'signal'::text])))
);

ALTER TABLE ONLY public.message FORCE ROW LEVEL SECURITY;

--
-- Name: message_start; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.message_start (
    name text NOT NULL,
    definition_key text NOT NULL,
    element_id text NOT NULL
);

ALTER TABLE ONLY public.message_start FORCE ROW LEVEL SECURITY;

--
-- Name: message_subscription; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.message_subscription (
    region_id text NOT NULL,
    instance_id uuid NOT NULL,
    wait_id integer NOT NULL,
    element_id text NOT NULL,
    path text NOT NULL,
    name text NOT NULL,
    key text NOT NULL,
    opened_at timestamp with time zone NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_cost_delay='0');

ALTER TABLE ONLY public.message_subscription FORCE ROW LEVEL SECURITY;

--
-- Name: notify_endpoint; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.notify_endpoint (
    region_id text NOT NULL,
    client_id uuid NOT NULL,
    address text NOT NULL,
    network text NOT NULL,
    secrets text[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT notify_endpoint_network_check CHECK ((network = ANY (ARRAY['public'::text, 'intranet'::text, 'loopback'::text]))),
    CONSTRAINT notify_endpoint_secrets_check CHECK (((cardinality(secrets) >= 1) AND (cardinality(secrets) <= 2)))
);

ALTER TABLE ONLY public.notify_endpoint FORCE ROW LEVEL SECURITY;

--
-- Name: organisation; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.organisation (
    region_id text NOT NULL,
    id text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    parent_id text,
    CONSTRAINT organisation_kind_check CHECK ((kind = ANY (ARRAY['county_health'::text, 'county_mch'::text, 'hospital'::text, 'township'::text, 'village'::text, 'ems'::text, 'blood'::text, 'cdc'::text, 'supervision'::text, 'safety_office'::text])))
);

ALTER TABLE ONLY public.organisation FORCE ROW LEVEL SECURITY;

--
-- Name: outbox; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.outbox (
    region_id text NOT NULL,
    instance_id uuid NOT NULL,
    revision integer NOT NULL,
    at timestamp with time zone NOT NULL,
    events jsonb NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_cost_delay='0');

ALTER TABLE ONLY public.outbox FORCE ROW LEVEL SECURITY;

--
-- Name: patient_area; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.patient_area (
    region_id text NOT NULL,
    patient_id text NOT NULL,
    organisation_id text NOT NULL
);

ALTER TABLE ONLY public.patient_area FORCE ROW LEVEL SECURITY;

--
-- Name: people_epoch; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.people_epoch (
    one boolean DEFAULT true NOT NULL,
    epoch uuid NOT NULL,
    CONSTRAINT people_epoch_one_check CHECK (one)
);

ALTER TABLE ONLY public.people_epoch FORCE ROW LEVEL SECURITY;

--
-- Name: record_merge; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.record_merge (
    region_id text NOT NULL,
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    by text NOT NULL,
    survivor_id text NOT NULL,
    replaced_id text NOT NULL,
    closed text,
    kept text,
    before jsonb NOT NULL,
    undone_at timestamp with time zone,
    undone_by text,
    CONSTRAINT record_merge_is_of_two CHECK ((survivor_id <> replaced_id)),
    CONSTRAINT record_merge_is_undone_by_somebody CHECK (((undone_at IS NULL) = (undone_by IS NULL)))
);

ALTER TABLE ONLY public.record_merge FORCE ROW LEVEL SECURITY;

--
-- Name: record_merge_part; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.record_merge_part (
    region_id text NOT NULL,
    merge_id uuid NOT NULL,
    type text NOT NULL,
    id text NOT NULL,
    patient_id text NOT NULL,
    episode_id text,
    came_later boolean NOT NULL
);

ALTER TABLE ONLY public.record_merge_part FORCE ROW LEVEL SECURITY;

--
-- Name: referral_number; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.referral_number (
    region_id text NOT NULL,
    on_day date NOT NULL,
    last integer NOT NULL,
    CONSTRAINT referral_number_last_check CHECK ((last > 0))
);

ALTER TABLE ONLY public.referral_number FORCE ROW LEVEL SECURITY;

--
-- Name: referral_step; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.referral_step (
    region_id text NOT NULL,
    referral_no text NOT NULL,
    centre_no integer NOT NULL,
    step text NOT NULL,
    instance_id uuid NOT NULL,
    patient_id text,
    organisation text,
    by text NOT NULL,
    counterpart text,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    body jsonb NOT NULL,
    state text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    due_at timestamp with time zone,
    told_at timestamp with time zone,
    problem text,
    CONSTRAINT referral_step_centre_no_check CHECK ((centre_no > 0)),
    CONSTRAINT referral_step_state_check CHECK ((state = ANY (ARRAY['kept'::text, 'waiting'::text, 'sent'::text, 'refused'::text]))),
    CONSTRAINT referral_step_step_check CHECK ((step = ANY (ARRAY['requested'::text, 'received'::text, 'accepted'::text, 'refused'::text, 'departed'::text, 'arrived'::text, 'onward'::text, 'returned'::text, 'no-show'::text, 'withdrawn'::text]))),
    CONSTRAINT referral_step_waits_until_due CHECK (((state = 'waiting'::text) = (due_at IS NOT NULL)))
);

ALTER TABLE ONLY public.referral_step FORCE ROW LEVEL SECURITY;

--
-- Name: region_catalogue; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.region_catalogue (
    region_id text NOT NULL,
    deployment_id bigint NOT NULL
);

ALTER TABLE ONLY public.region_catalogue FORCE ROW LEVEL SECURITY;

--
-- Name: region_move; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.region_move (
    region_id text NOT NULL,
    state text NOT NULL,
    digest text,
    moved_to text,
    at timestamp with time zone NOT NULL,
    by text NOT NULL,
    CONSTRAINT region_move_state_check CHECK ((state = ANY (ARRAY['frozen'::text, 'moved'::text])))
);

ALTER TABLE ONLY public.region_move FORCE ROW LEVEL SECURITY;

--
-- Name: resource; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.resource (
    region_id text NOT NULL,
    type text NOT NULL,
    id text NOT NULL,
    version integer NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    deleted boolean DEFAULT false NOT NULL,
    engine_owned boolean NOT NULL,
    source text NOT NULL,
    owner text NOT NULL,
    content_hash text NOT NULL,
    patient_id text,
    episode_id text,
    labels text[] DEFAULT '{}'::text[] NOT NULL,
    tokens bigint[] DEFAULT '{}'::bigint[] NOT NULL
);

ALTER TABLE ONLY public.resource FORCE ROW LEVEL SECURITY;

--
-- Name: resource_change; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.resource_change (
    region_id text NOT NULL,
    seq bigint NOT NULL,
    type text NOT NULL,
    id text NOT NULL,
    version integer NOT NULL,
    at timestamp with time zone NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_cost_delay='0');

ALTER TABLE ONLY public.resource_change FORCE ROW LEVEL SECURITY;

--
-- Name: resource_change_seq_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.resource_change ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.resource_change_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: resource_date; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.resource_date (
    region_id text NOT NULL,
    type text NOT NULL,
    id text NOT NULL,
    param text NOT NULL,
    low timestamp with time zone NOT NULL,
    high timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.resource_date FORCE ROW LEVEL SECURITY;

--
-- Name: resource_identity; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.resource_identity (
    region_id text NOT NULL,
    type text NOT NULL,
    system text NOT NULL,
    value text NOT NULL,
    id text NOT NULL
);

ALTER TABLE ONLY public.resource_identity FORCE ROW LEVEL SECURITY;

--
-- Name: resource_string; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.resource_string (
    region_id text NOT NULL,
    type text NOT NULL,
    id text NOT NULL,
    param text NOT NULL,
    value text NOT NULL
);

ALTER TABLE ONLY public.resource_string FORCE ROW LEVEL SECURITY;

--
-- Name: resource_version; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.resource_version (
    region_id text NOT NULL,
    type text NOT NULL,
    id text NOT NULL,
    version integer NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    deleted boolean NOT NULL,
    source text NOT NULL,
    body text NOT NULL,
    meta text NOT NULL
);

ALTER TABLE ONLY public.resource_version FORCE ROW LEVEL SECURITY;

--
-- Name: schema_migration; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.schema_migration (
    version integer NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.schema_migration FORCE ROW LEVEL SECURITY;

--
-- Name: session; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.session (
    region_id text NOT NULL,
    token_hash bytea NOT NULL,
    account_id uuid NOT NULL,
    started_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    issuer text
);

ALTER TABLE ONLY public.session FORCE ROW LEVEL SECURITY;

--
-- Name: sign_in_failure; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.sign_in_failure (
    region_id text NOT NULL,
    login text NOT NULL,
    address text NOT NULL,
    failed_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.sign_in_failure FORCE ROW LEVEL SECURITY;

--
-- Name: signal_subscription; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.signal_subscription (
    region_id text NOT NULL,
    instance_id uuid NOT NULL,
    wait_id integer NOT NULL,
    element_id text NOT NULL,
    path text NOT NULL,
    name text NOT NULL
);

ALTER TABLE ONLY public.signal_subscription FORCE ROW LEVEL SECURITY;

--
-- Name: signing_key; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.signing_key (
    region_id text NOT NULL,
    kid text NOT NULL,
    private_key text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    retired_at timestamp with time zone
);

ALTER TABLE ONLY public.signing_key FORCE ROW LEVEL SECURITY;

--
-- Name: start_event; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.start_event (
    kind text NOT NULL,
    name text NOT NULL,
    definition_key text NOT NULL,
    element_id text NOT NULL,
    CONSTRAINT start_event_kind_check CHECK ((kind = ANY (ARRAY['signal'::text, 'condition'::text])))
);

ALTER TABLE ONLY public.start_event FORCE ROW LEVEL SECURITY;

--
-- Name: submitted_measure; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.submitted_measure (
    region_id text NOT NULL,
    id uuid NOT NULL,
    report_id uuid NOT NULL,
    indicator text NOT NULL,
    body text NOT NULL
);

ALTER TABLE ONLY public.submitted_measure FORCE ROW LEVEL SECURITY;

--
-- Name: submitted_report; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.submitted_report (
    region_id text NOT NULL,
    id uuid NOT NULL,
    first date NOT NULL,
    last date NOT NULL,
    organisation text,
    due_on date,
    submitted_at timestamp with time zone NOT NULL,
    submitted_by text NOT NULL,
    submitter text NOT NULL,
    replaces uuid,
    reason text,
    CONSTRAINT submitted_report_is_of_a_period CHECK ((first <= last)),
    CONSTRAINT submitted_report_says_why_it_replaces CHECK (((replaces IS NULL) = (reason IS NULL)))
);

ALTER TABLE ONLY public.submitted_report FORCE ROW LEVEL SECURITY;

--
-- Name: subscription; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.subscription (
    region_id text NOT NULL,
    id text NOT NULL,
    client_id uuid NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    status public.subscription_status DEFAULT 'requested'::public.subscription_status NOT NULL,
    types text[] NOT NULL,
    body text NOT NULL,
    ends_at timestamp with time zone,
    event_count bigint DEFAULT 0 NOT NULL,
    sent_number bigint DEFAULT 0 NOT NULL,
    due_at timestamp with time zone,
    attempts smallint DEFAULT 0 NOT NULL,
    failing_since timestamp with time zone,
    told_at timestamp with time zone,
    problem text,
    owner text,
    scopes text[],
    CONSTRAINT subscription_id_check CHECK ((id ~ '^[A-Za-z0-9.-]{1,64}$'::text)),
    CONSTRAINT subscription_sends_what_has_a_number CHECK ((sent_number <= event_count))
);

ALTER TABLE ONLY public.subscription FORCE ROW LEVEL SECURITY;

--
-- Name: subscription_event; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.subscription_event (
    region_id text NOT NULL,
    subscription_id text NOT NULL,
    number bigint NOT NULL,
    type text NOT NULL,
    id text NOT NULL,
    version integer NOT NULL,
    deleted boolean NOT NULL,
    at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    parked boolean DEFAULT false NOT NULL
);

ALTER TABLE ONLY public.subscription_event FORCE ROW LEVEL SECURITY;

--
-- Name: text_consent; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.text_consent (
    region_id text NOT NULL,
    patient_id text NOT NULL,
    number integer NOT NULL,
    agreed boolean NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    CONSTRAINT text_consent_number_check CHECK ((number > 0))
);

ALTER TABLE ONLY public.text_consent FORCE ROW LEVEL SECURITY;

--
-- Name: text_sent; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.text_sent (
    region_id text NOT NULL,
    id uuid NOT NULL,
    pregnancy_id text NOT NULL,
    due_on date NOT NULL,
    on_day date NOT NULL,
    state text NOT NULL,
    attempts integer NOT NULL,
    tried_at timestamp with time zone NOT NULL,
    problem text,
    CONSTRAINT text_sent_attempts_check CHECK ((attempts > 0)),
    CONSTRAINT text_sent_state_check CHECK ((state = ANY (ARRAY['trying'::text, 'sent'::text, 'refused'::text, 'given up'::text])))
);

ALTER TABLE ONLY public.text_sent FORCE ROW LEVEL SECURITY;

--
-- Name: timer; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.timer (
    region_id text NOT NULL,
    instance_id uuid NOT NULL,
    wait_id integer NOT NULL,
    element_id text NOT NULL,
    path text NOT NULL,
    due_at timestamp with time zone NOT NULL,
    misfire text DEFAULT 'fire_once'::text NOT NULL,
    attempts smallint DEFAULT 0 NOT NULL,
    locked_until timestamp with time zone
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_cost_delay='0');

ALTER TABLE ONLY public.timer FORCE ROW LEVEL SECURITY;

--
-- Name: timer_start; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.timer_start (
    region_id text NOT NULL,
    definition_key text NOT NULL,
    element_id text NOT NULL,
    definition_version integer NOT NULL,
    timer text NOT NULL,
    due_at timestamp with time zone NOT NULL,
    occurrence integer NOT NULL,
    cycle text,
    remaining integer,
    day smallint,
    attempts smallint DEFAULT 0 NOT NULL,
    locked_until timestamp with time zone,
    problem text
);

ALTER TABLE ONLY public.timer_start FORCE ROW LEVEL SECURITY;

--
-- Name: tolerated; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.tolerated (
    region_id text NOT NULL,
    type text NOT NULL,
    id text NOT NULL,
    version integer NOT NULL,
    client text NOT NULL,
    at timestamp with time zone NOT NULL,
    uses jsonb NOT NULL
);

ALTER TABLE ONLY public.tolerated FORCE ROW LEVEL SECURITY;

--
-- Name: unmapped_code; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.unmapped_code (
    region_id text NOT NULL,
    client text NOT NULL,
    system text NOT NULL,
    code text NOT NULL,
    display text DEFAULT ''::text NOT NULL,
    seen bigint NOT NULL,
    first_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    owner text NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    by text,
    decided_at timestamp with time zone,
    CONSTRAINT unmapped_code_decided_by_somebody CHECK ((((state = 'open'::text) = (by IS NULL)) AND ((by IS NULL) = (decided_at IS NULL)))),
    CONSTRAINT unmapped_code_state_check CHECK ((state = ANY (ARRAY['open'::text, 'mapped'::text, 'set-aside'::text])))
);

ALTER TABLE ONLY public.unmapped_code FORCE ROW LEVEL SECURITY;

--
-- Name: user_task; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.user_task (
    region_id text NOT NULL,
    id uuid NOT NULL,
    instance_id uuid NOT NULL,
    wait_id integer NOT NULL,
    definition_key text NOT NULL,
    definition_version integer NOT NULL,
    business_key text,
    element_id text NOT NULL,
    path text NOT NULL,
    name text,
    form text,
    form_version integer,
    candidate_roles text[] DEFAULT '{}'::text[] NOT NULL,
    candidate_users text[] DEFAULT '{}'::text[] NOT NULL,
    organisation text,
    assignee text,
    priority smallint DEFAULT 50 NOT NULL,
    window_from timestamp with time zone,
    due_at timestamp with time zone,
    until_at timestamp with time zone,
    clock text,
    state public.user_task_state NOT NULL,
    revision integer DEFAULT 1 NOT NULL,
    draft jsonb,
    created_at timestamp with time zone NOT NULL,
    completed_at timestamp with time zone,
    completed_by text,
    CONSTRAINT user_task_is_held_and_ended_as_its_state_says CHECK ((((state >= 'completed'::public.user_task_state) = (completed_at IS NOT NULL)) AND ((state <> 'claimed'::public.user_task_state) OR (assignee IS NOT NULL))))
)
WITH (fillfactor='80', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_cost_delay='0');

ALTER TABLE ONLY public.user_task FORCE ROW LEVEL SECURITY;

--
-- Name: user_task_attachment; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.user_task_attachment (
    region_id text NOT NULL,
    id uuid NOT NULL,
    user_task_id uuid NOT NULL,
    number integer NOT NULL,
    instance_id uuid NOT NULL,
    title text NOT NULL,
    content_type text NOT NULL,
    sha256 text NOT NULL,
    content bytea NOT NULL,
    at timestamp with time zone NOT NULL,
    by text NOT NULL,
    CONSTRAINT user_task_attachment_number_check CHECK ((number > 0)),
    CONSTRAINT user_task_attachment_title_check CHECK ((title <> ''::text))
);
ALTER TABLE ONLY public.user_task_attachment ALTER COLUMN content SET STORAGE EXTERNAL;

ALTER TABLE ONLY public.user_task_attachment FORCE ROW LEVEL SECURITY;

--
-- Name: user_task_comment; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.user_task_comment (
    region_id text NOT NULL,
    user_task_id uuid NOT NULL,
    number integer NOT NULL,
    instance_id uuid NOT NULL,
    body text NOT NULL,
    at timestamp with time zone NOT NULL,
    by text NOT NULL,
    CONSTRAINT user_task_comment_body_check CHECK ((body <> ''::text)),
    CONSTRAINT user_task_comment_number_check CHECK ((number > 0))
);

ALTER TABLE ONLY public.user_task_comment FORCE ROW LEVEL SECURITY;

--
-- Name: user_task_handover; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.user_task_handover (
    region_id text NOT NULL,
    user_task_id uuid NOT NULL,
    number integer NOT NULL,
    instance_id uuid NOT NULL,
    held_by text,
    given_to text NOT NULL,
    reason text,
    at timestamp with time zone NOT NULL,
    by text NOT NULL,
    seen_at timestamp with time zone,
    goes_back boolean DEFAULT false NOT NULL,
    CONSTRAINT user_task_handover_number_check CHECK ((number > 0))
);

ALTER TABLE ONLY public.user_task_handover FORCE ROW LEVEL SECURITY;

--
-- Name: procrastinate_events id; Type: DEFAULT; Schema: procrastinate; Owner: -
--

ALTER TABLE ONLY procrastinate.procrastinate_events ALTER COLUMN id SET DEFAULT nextval('procrastinate.procrastinate_events_id_seq'::regclass);

--
-- Name: procrastinate_jobs id; Type: DEFAULT; Schema: procrastinate; Owner: -
--

ALTER TABLE ONLY procrastinate.procrastinate_jobs ALTER COLUMN id SET DEFAULT nextval('procrastinate.procrastinate_jobs_id_seq'::regclass);

--
-- Name: procrastinate_periodic_defers id; Type: DEFAULT; Schema: procrastinate; Owner: -
--

ALTER TABLE ONLY procrastinate.procrastinate_periodic_defers ALTER COLUMN id SET DEFAULT nextval('procrastinate.procrastinate_periodic_defers_id_seq'::regclass);

--
-- Name: procrastinate_events procrastinate_events_pkey; Type: CONSTRAINT; Schema: procrastinate; Owner: -
--

ALTER TABLE ONLY procrastinate.procrastinate_events
    ADD CONSTRAINT procrastinate_events_pkey PRIMARY KEY (id);

--
-- Name: procrastinate_jobs procrastinate_jobs_pkey; Type: CONSTRAINT; Schema: procrastinate; Owner: -
--

ALTER TABLE ONLY procrastinate.procrastinate_jobs
    ADD CONSTRAINT procrastinate_jobs_pkey PRIMARY KEY (id);

--
-- Name: procrastinate_periodic_defers procrastinate_periodic_defers_pkey; Type: CONSTRAINT; Schema: procrastinate; Owner: -
--

ALTER TABLE ONLY procrastinate.procrastinate_periodic_defers
    ADD CONSTRAINT procrastinate_periodic_defers_pkey PRIMARY KEY (id);

--
-- Name: procrastinate_periodic_defers procrastinate_periodic_defers_unique; Type: CONSTRAINT; Schema: procrastinate; Owner: -
--

ALTER TABLE ONLY procrastinate.procrastinate_periodic_defers
    ADD CONSTRAINT procrastinate_periodic_defers_unique UNIQUE (task_name, periodic_id, defer_timestamp);

--
-- Name: procrastinate_workers procrastinate_workers_pkey; Type: CONSTRAINT; Schema: procrastinate; Owner: -
--

ALTER TABLE ONLY procrastinate.procrastinate_workers
    ADD CONSTRAINT procrastinate_workers_pkey PRIMARY KEY (id);

--
-- Name: access_token access_token_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT access_token_pkey PRIMARY KEY (region_id, token_hash);

--
-- Name: account account_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (region_id, id);

--
-- Name: account account_region_id_login_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_region_id_login_key UNIQUE (region_id, login);

--
-- Name: account_role account_role_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.account_role
    ADD CONSTRAINT account_role_pkey PRIMARY KEY (region_id, account_id, role);

--
-- Name: app_grant app_grant_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.app_grant
    ADD CONSTRAINT app_grant_pkey PRIMARY KEY (region_id, id);

--
-- Name: app_launch app_launch_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.app_launch
    ADD CONSTRAINT app_launch_pkey PRIMARY KEY (region_id, token_hash);

--
-- Name: app app_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.app
    ADD CONSTRAINT app_pkey PRIMARY KEY (region_id, client_id);

--
-- Name: app_token app_token_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.app_token
    ADD CONSTRAINT app_token_pkey PRIMARY KEY (region_id, token_hash);

--
-- Name: archive archive_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.archive
    ADD CONSTRAINT archive_pkey PRIMARY KEY (region_id, id);

--
-- Name: archived_instance archived_instance_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.archived_instance
    ADD CONSTRAINT archived_instance_pkey PRIMARY KEY (region_id, instance_id);

--
-- Name: arrival_outcome arrival_outcome_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.arrival_outcome
    ADD CONSTRAINT arrival_outcome_pkey PRIMARY KEY (region_id, arrival_id);

--
-- Name: arrival arrival_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.arrival
    ADD CONSTRAINT arrival_pkey PRIMARY KEY (region_id, id);

--
-- Name: arrival arrival_region_id_client_channel_control_id_digest_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.arrival
    ADD CONSTRAINT arrival_region_id_client_channel_control_id_digest_key UNIQUE (region_id, client, channel, control_id, digest);

--
-- Name: audit audit_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (region_id, id);

--
-- Name: batch_item batch_item_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.batch_item
    ADD CONSTRAINT batch_item_pkey PRIMARY KEY (region_id, batch_id, instance_id);

--
-- Name: batch batch_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.batch
    ADD CONSTRAINT batch_pkey PRIMARY KEY (region_id, id);

--
-- Name: client_assertion client_assertion_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.client_assertion
    ADD CONSTRAINT client_assertion_pkey PRIMARY KEY (region_id, client_id, jti);

--
-- Name: client_code client_code_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.client_code
    ADD CONSTRAINT client_code_pkey PRIMARY KEY (region_id, client, system, code);

--
-- Name: client_count client_count_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.client_count
    ADD CONSTRAINT client_count_pkey PRIMARY KEY (region_id, client, on_day, kind, type, interaction, detail, place);

--
-- Name: client_inbound client_inbound_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.client_inbound
    ADD CONSTRAINT client_inbound_pkey PRIMARY KEY (region_id, client);

--
-- Name: client_key_address client_key_address_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.client_key_address
    ADD CONSTRAINT client_key_address_pkey PRIMARY KEY (region_id, client_id);

--
-- Name: client client_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.client
    ADD CONSTRAINT client_pkey PRIMARY KEY (region_id, id);

--
-- Name: client client_region_id_name_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.client
    ADD CONSTRAINT client_region_id_name_key UNIQUE (region_id, name);

--
-- Name: definition definition_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.definition
    ADD CONSTRAINT definition_pkey PRIMARY KEY (kind, key, version);

--
-- Name: definition_suspension definition_suspension_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.definition_suspension
    ADD CONSTRAINT definition_suspension_pkey PRIMARY KEY (key, version);

--
-- Name: delivery delivery_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.delivery
    ADD CONSTRAINT delivery_pkey PRIMARY KEY (region_id, destination, stream, revision);

--
-- Name: deployment deployment_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.deployment
    ADD CONSTRAINT deployment_pkey PRIMARY KEY (id);

--
-- Name: document_that_came document_that_came_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.document_that_came
    ADD CONSTRAINT document_that_came_pkey PRIMARY KEY (region_id, id);

--
-- Name: export_file export_file_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.export_file
    ADD CONSTRAINT export_file_pkey PRIMARY KEY (region_id, job_id, number);

--
-- Name: export_job export_job_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.export_job
    ADD CONSTRAINT export_job_pkey PRIMARY KEY (region_id, id);

--
-- Name: export_part export_part_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.export_part
    ADD CONSTRAINT export_part_pkey PRIMARY KEY (region_id, job_id, file, number);

--
-- Name: fhir_document fhir_document_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.fhir_document
    ADD CONSTRAINT fhir_document_pkey PRIMARY KEY (region_id, id);

--
-- Name: history history_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.history
    ADD CONSTRAINT history_pkey PRIMARY KEY (region_id, instance_id, revision, ordinal);

--
-- Name: history_policy history_policy_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.history_policy
    ADD CONSTRAINT history_policy_pkey PRIMARY KEY (region_id, definition_key);

--
-- Name: hospital_person hospital_person_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hospital_person
    ADD CONSTRAINT hospital_person_pkey PRIMARY KEY (region_id, issuer, external);

--
-- Name: hospital_sign_in hospital_sign_in_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hospital_sign_in
    ADD CONSTRAINT hospital_sign_in_pkey PRIMARY KEY (region_id, state_hash);

--
-- Name: http_answer http_answer_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.http_answer
    ADD CONSTRAINT http_answer_pkey PRIMARY KEY (region_id, client, key);

--
-- Name: idempotency idempotency_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.idempotency
    ADD CONSTRAINT idempotency_pkey PRIMARY KEY (region_id, client, key);

--
-- Name: identity_key identity_key_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.identity_key
    ADD CONSTRAINT identity_key_pkey PRIMARY KEY (region_id, kid);

--
-- Name: import_batch import_batch_once; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.import_batch
    ADD CONSTRAINT import_batch_once UNIQUE (region_id, source, sha256);

--
-- Name: import_batch import_batch_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.import_batch
    ADD CONSTRAINT import_batch_pkey PRIMARY KEY (region_id, id);

--
-- Name: import_batch import_batch_source_check; Type: CHECK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE public.import_batch
    ADD CONSTRAINT import_batch_source_check CHECK ((source = ANY (ARRAY['births'::text, 'marriages'::text, 'prepregnancy'::text, 'child_deaths'::text, 'counts'::text]))) NOT VALID;

--
-- Name: import_row import_row_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.import_row
    ADD CONSTRAINT import_row_pkey PRIMARY KEY (region_id, batch_id, number);

--
-- Name: inbound_burst inbound_burst_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.inbound_burst
    ADD CONSTRAINT inbound_burst_pkey PRIMARY KEY (region_id, episode_id);

--
-- Name: inbound_event inbound_event_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.inbound_event
    ADD CONSTRAINT inbound_event_pkey PRIMARY KEY (region_id, type, id, version, event);

--
-- Name: inbound_mark inbound_mark_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.inbound_mark
    ADD CONSTRAINT inbound_mark_pkey PRIMARY KEY (region_id, client, name);

--
-- Name: inbox_item inbox_item_once_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.inbox_item
    ADD CONSTRAINT inbox_item_once_key UNIQUE (region_id, type, resource_id, version, arrival_id);

--
-- Name: inbox_item inbox_item_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.inbox_item
    ADD CONSTRAINT inbox_item_pkey PRIMARY KEY (region_id, id);

--
-- Name: incident incident_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.incident
    ADD CONSTRAINT incident_pkey PRIMARY KEY (region_id, id);

--
-- Name: instance_before instance_before_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.instance_before
    ADD CONSTRAINT instance_before_pkey PRIMARY KEY (region_id, instance_id);

--
-- Name: instance instance_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.instance
    ADD CONSTRAINT instance_pkey PRIMARY KEY (region_id, id);

--
-- Name: institution_record institution_record_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.institution_record
    ADD CONSTRAINT institution_record_pkey PRIMARY KEY (region_id, id);

--
-- Name: job job_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.job
    ADD CONSTRAINT job_pkey PRIMARY KEY (region_id, id);

--
-- Name: launching_hospital launching_hospital_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.launching_hospital
    ADD CONSTRAINT launching_hospital_pkey PRIMARY KEY (region_id, issuer);

--
-- Name: manual_clock manual_clock_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.manual_clock
    ADD CONSTRAINT manual_clock_pkey PRIMARY KEY (only_row);

--
-- Name: merged_record merged_record_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.merged_record
    ADD CONSTRAINT merged_record_pkey PRIMARY KEY (region_id, kind, old_id);

--
-- Name: message message_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.message
    ADD CONSTRAINT message_pkey PRIMARY KEY (region_id, id);

--
-- Name: message_start message_start_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.message_start
    ADD CONSTRAINT message_start_pkey PRIMARY KEY (name, definition_key, element_id);

--
-- Name: message_subscription message_subscription_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.message_subscription
    ADD CONSTRAINT message_subscription_pkey PRIMARY KEY (region_id, instance_id, wait_id);

--
-- Name: notify_endpoint notify_endpoint_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.notify_endpoint
    ADD CONSTRAINT notify_endpoint_pkey PRIMARY KEY (region_id, client_id, address);

--
-- Name: organisation organisation_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.organisation
    ADD CONSTRAINT organisation_pkey PRIMARY KEY (region_id, id);

--
-- Name: outbox outbox_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (region_id, at, instance_id, revision);

--
-- Name: patient_area patient_area_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.patient_area
    ADD CONSTRAINT patient_area_pkey PRIMARY KEY (region_id, patient_id, organisation_id);

--
-- Name: people_epoch people_epoch_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.people_epoch
    ADD CONSTRAINT people_epoch_pkey PRIMARY KEY (one);

--
-- Name: record_merge_part record_merge_part_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.record_merge_part
    ADD CONSTRAINT record_merge_part_pkey PRIMARY KEY (region_id, merge_id, type, id);

--
-- Name: record_merge record_merge_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.record_merge
    ADD CONSTRAINT record_merge_pkey PRIMARY KEY (region_id, id);

--
-- Name: referral_number referral_number_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.referral_number
    ADD CONSTRAINT referral_number_pkey PRIMARY KEY (region_id, on_day);

--
-- Name: referral_step referral_step_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.referral_step
    ADD CONSTRAINT referral_step_pkey PRIMARY KEY (region_id, referral_no, centre_no, step);

--
-- Name: region_catalogue region_catalogue_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.region_catalogue
    ADD CONSTRAINT region_catalogue_pkey PRIMARY KEY (region_id);

--
-- Name: region_move region_move_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.region_move
    ADD CONSTRAINT region_move_pkey PRIMARY KEY (region_id);

--
-- Name: resource_change resource_change_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.resource_change
    ADD CONSTRAINT resource_change_pkey PRIMARY KEY (region_id, seq);

--
-- Name: resource_identity resource_identity_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.resource_identity
    ADD CONSTRAINT resource_identity_pkey PRIMARY KEY (region_id, type, system, value);

--
-- Name: resource resource_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.resource
    ADD CONSTRAINT resource_pkey PRIMARY KEY (region_id, type, id);

--
-- Name: resource_version resource_version_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.resource_version
    ADD CONSTRAINT resource_version_pkey PRIMARY KEY (region_id, type, id, version);

--
-- Name: schema_migration schema_migration_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.schema_migration
    ADD CONSTRAINT schema_migration_pkey PRIMARY KEY (version);

--
-- Name: session session_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (region_id, token_hash);

--
-- Name: signal_subscription signal_subscription_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.signal_subscription
    ADD CONSTRAINT signal_subscription_pkey PRIMARY KEY (region_id, instance_id, wait_id);

--
-- Name: signing_key signing_key_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.signing_key
    ADD CONSTRAINT signing_key_pkey PRIMARY KEY (region_id, kid);

--
-- Name: start_event start_event_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.start_event
    ADD CONSTRAINT start_event_pkey PRIMARY KEY (kind, name, definition_key, element_id);

--
-- Name: submitted_measure submitted_measure_once; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.submitted_measure
    ADD CONSTRAINT submitted_measure_once UNIQUE (region_id, report_id, indicator);

--
-- Name: submitted_measure submitted_measure_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.submitted_measure
    ADD CONSTRAINT submitted_measure_pkey PRIMARY KEY (region_id, id);

--
-- Name: submitted_report submitted_report_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.submitted_report
    ADD CONSTRAINT submitted_report_pkey PRIMARY KEY (region_id, id);

--
-- Name: submitted_report submitted_report_replaced_once; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.submitted_report
    ADD CONSTRAINT submitted_report_replaced_once UNIQUE (region_id, replaces);

--
-- Name: subscription_event subscription_event_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.subscription_event
    ADD CONSTRAINT subscription_event_pkey PRIMARY KEY (region_id, subscription_id, number);

--
-- Name: subscription subscription_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.subscription
    ADD CONSTRAINT subscription_pkey PRIMARY KEY (region_id, id);

--
-- Name: text_consent text_consent_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.text_consent
    ADD CONSTRAINT text_consent_pkey PRIMARY KEY (region_id, patient_id, number);

--
-- Name: text_sent text_sent_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.text_sent
    ADD CONSTRAINT text_sent_pkey PRIMARY KEY (region_id, id);

--
-- Name: timer timer_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.timer
    ADD CONSTRAINT timer_pkey PRIMARY KEY (region_id, instance_id, wait_id);

--
-- Name: timer_start timer_start_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.timer_start
    ADD CONSTRAINT timer_start_pkey PRIMARY KEY (region_id, definition_key, element_id);

--
-- Name: tolerated tolerated_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tolerated
    ADD CONSTRAINT tolerated_pkey PRIMARY KEY (region_id, type, id, version);

--
-- Name: unmapped_code unmapped_code_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.unmapped_code
    ADD CONSTRAINT unmapped_code_pkey PRIMARY KEY (region_id, client, system, code);

--
-- Name: user_task_attachment user_task_attachment_number_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.user_task_attachment
    ADD CONSTRAINT user_task_attachment_number_key UNIQUE (region_id, user_task_id, number);

--
-- Name: user_task_attachment user_task_attachment_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.user_task_attachment
    ADD CONSTRAINT user_task_attachment_pkey PRIMARY KEY (region_id, id);

--
-- Name: user_task_comment user_task_comment_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.user_task_comment
    ADD CONSTRAINT user_task_comment_pkey PRIMARY KEY (region_id, user_task_id, number);

--
-- Name: user_task_handover user_task_handover_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.user_task_handover
    ADD CONSTRAINT user_task_handover_pkey PRIMARY KEY (region_id, user_task_id, number);

--
-- Name: user_task user_task_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.user_task
    ADD CONSTRAINT user_task_pkey PRIMARY KEY (region_id, id);

--
-- Name: idx_procrastinate_jobs_worker_not_null; Type: INDEX; Schema: procrastinate; Owner: -
--

CREATE INDEX idx_procrastinate_jobs_worker_not_null ON procrastinate.procrastinate_jobs USING btree (worker_id) WHERE ((worker_id IS NOT NULL) AND (status = 'doing'::procrastinate.procrastinate_job_status));

--
-- Name: idx_procrastinate_workers_last_heartbeat; Type: INDEX; Schema: procrastinate; Owner: -
--

CREATE INDEX idx_procrastinate_workers_last_heartbeat ON procrastinate.procrastinate_workers USING btree (last_heartbeat);

--
-- Name: procrastinate_events_job_id_fkey_v1; Type: INDEX; Schema: procrastinate; Owner: -
--

CREATE INDEX procrastinate_events_job_id_fkey_v1 ON procrastinate.procrastinate_events USING btree (job_id);

--
-- Name: procrastinate_jobs_id_lock_idx_v1; Type: INDEX; Schema: procrastinate; Owner: -
--

CREATE INDEX procrastinate_jobs_id_lock_idx_v1 ON procrastinate.procrastinate_jobs USING btree (id, lock) WHERE (status = ANY (ARRAY['todo'::procrastinate.procrastinate_job_status, 'doing'::procrastinate.procrastinate_job_status]));

--
-- Name: procrastinate_jobs_lock_idx_v1; Type: INDEX; Schema: procrastinate; Owner: -
--

CREATE UNIQUE INDEX procrastinate_jobs_lock_idx_v1 ON procrastinate.procrastinate_jobs USING btree (lock) WHERE (status = 'doing'::procrastinate.procrastinate_job_status);

--
-- Name: procrastinate_jobs_priority_idx_v1; Type: INDEX; Schema: procrastinate; Owner: -
--

CREATE INDEX procrastinate_jobs_priority_idx_v1 ON procrastinate.procrastinate_jobs USING btree (priority DESC, id) WHERE (status = 'todo'::procrastinate.procrastinate_job_status);

--
-- Name: procrastinate_jobs_queue_name_idx_v1; Type: INDEX; Schema: procrastinate; Owner: -
--

CREATE INDEX procrastinate_jobs_queue_name_idx_v1 ON procrastinate.procrastinate_jobs USING btree (queue_name);

--
-- Name: procrastinate_jobs_queueing_lock_idx_v1; Type: INDEX; Schema: procrastinate; Owner: -
--

CREATE UNIQUE INDEX procrastinate_jobs_queueing_lock_idx_v1 ON procrastinate.procrastinate_jobs USING btree (queueing_lock) WHERE (status = 'todo'::procrastinate.procrastinate_job_status);

--
-- Name: procrastinate_periodic_defers_job_id_fkey_v1; Type: INDEX; Schema: procrastinate; Owner: -
--

CREATE INDEX procrastinate_periodic_defers_job_id_fkey_v1 ON procrastinate.procrastinate_periodic_defers USING btree (job_id);

--
-- Name: access_token_expiry_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX access_token_expiry_idx ON public.access_token USING btree (region_id, expires_at);

--
-- Name: app_grant_code_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX app_grant_code_idx ON public.app_grant USING btree (region_id, code_hash);

--
-- Name: app_grant_owner_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX app_grant_owner_idx ON public.app_grant USING btree (region_id, client_id, account_id) WHERE (revoked_at IS NULL);

--
-- Name: app_token_grant_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX app_token_grant_idx ON public.app_token USING btree (region_id, grant_id);

--
-- Name: archived_instance_case_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX archived_instance_case_idx ON public.archived_instance USING btree (region_id, business_key) WHERE (business_key IS NOT NULL);

--
-- Name: archived_instance_file_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX archived_instance_file_idx ON public.archived_instance USING btree (region_id, archive_id);

--
-- Name: archived_instance_unswept_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX archived_instance_unswept_idx ON public.archived_instance USING btree (region_id, instance_id) WHERE (swept_at IS NULL);

--
-- Name: arrival_outcome_count_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX arrival_outcome_count_idx ON public.arrival_outcome USING btree (region_id, client, channel, state);

--
-- Name: arrival_outcome_noted_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX arrival_outcome_noted_idx ON public.arrival_outcome USING btree (region_id, received_at) WHERE (notes <> '[]'::jsonb);

--
-- Name: arrival_outcome_open_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX arrival_outcome_open_idx ON public.arrival_outcome USING btree (region_id, received_at, arrival_id) WHERE (state = ANY (ARRAY['waiting'::public.arrival_state, 'not-understood'::public.arrival_state]));

--
-- Name: arrival_received_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX arrival_received_idx ON public.arrival USING btree (region_id, received_at);

--
-- Name: audit_patients_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX audit_patients_idx ON public.audit USING gin (((detail -> 'patients'::text))) WHERE ((detail -> 'patients'::text) IS NOT NULL);

--
-- Name: audit_subject_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX audit_subject_idx ON public.audit USING btree (region_id, subject_kind, subject_id, id);

--
-- Name: batch_item_state_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX batch_item_state_idx ON public.batch_item USING btree (region_id, batch_id, state, instance_id);

--
-- Name: batch_item_waiting_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX batch_item_waiting_idx ON public.batch_item USING btree (region_id, batch_id, instance_id) WHERE (state = 'waiting'::public.batch_item_state);

--
-- Name: batch_order_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX batch_order_idx ON public.batch USING btree (region_id, created_at DESC, id);

--
-- Name: batch_running_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX batch_running_idx ON public.batch USING btree (region_id, paced_at) WHERE (state = 'running'::public.batch_state);

--
-- Name: client_assertion_expiry_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX client_assertion_expiry_idx ON public.client_assertion USING btree (region_id, expires_at);

--
-- Name: delivery_dead_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX delivery_dead_idx ON public.delivery USING btree (region_id, at) WHERE (state = 'dead'::public.delivery_state);

--
-- Name: delivery_due_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX delivery_due_idx ON public.delivery USING btree (region_id, due_at) WHERE (state = 'waiting'::public.delivery_state);

--
-- Name: document_that_came_patient_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX document_that_came_patient_idx ON public.document_that_came USING btree (region_id, patient_id, created_at);

--
-- Name: export_job_client_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX export_job_client_idx ON public.export_job USING btree (region_id, client_id);

--
-- Name: export_job_open_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX export_job_open_idx ON public.export_job USING btree (region_id, requested_at) WHERE (state = 'open'::public.export_state);

--
-- Name: fhir_document_patient_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX fhir_document_patient_idx ON public.fhir_document USING btree (region_id, patient_id, created_at);

--
-- Name: fhir_document_referral_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX fhir_document_referral_idx ON public.fhir_document USING btree (region_id, referral_no) WHERE (referral_no IS NOT NULL);

--
-- Name: http_answer_age_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX http_answer_age_idx ON public.http_answer USING btree (region_id, at);

--
-- Name: idempotency_age_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idempotency_age_idx ON public.idempotency USING btree (region_id, at);

--
-- Name: import_row_open_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX import_row_open_idx ON public.import_row USING btree (region_id, happened_on) WHERE (state = 'unknown'::public.import_state);

--
-- Name: inbound_burst_due_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX inbound_burst_due_idx ON public.inbound_burst USING btree (region_id, due_at);

--
-- Name: inbox_item_open_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX inbox_item_open_idx ON public.inbox_item USING btree (region_id, at, id) WHERE (state = 'open'::public.inbox_state);

--
-- Name: incident_instance_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX incident_instance_idx ON public.incident USING btree (region_id, instance_id) WHERE (instance_id IS NOT NULL);

--
-- Name: incident_open_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX incident_open_idx ON public.incident USING btree (region_id, opened_at, id) WHERE (resolved_at IS NULL);

--
-- Name: instance_before_age_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX instance_before_age_idx ON public.instance_before USING btree (region_id, at);

--
-- Name: instance_business_key_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX instance_business_key_idx ON public.instance USING btree (region_id, definition_key, business_key) WHERE ((business_key IS NOT NULL) AND (status = ANY (ARRAY['active'::public.instance_status, 'suspended'::public.instance_status])));

--
-- Name: instance_case_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX instance_case_idx ON public.instance USING btree (region_id, business_key, started_at) WHERE (business_key IS NOT NULL);

--
-- Name: instance_ended_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX instance_ended_idx ON public.instance USING btree (region_id, ended_at, id) WHERE (ended_at IS NOT NULL);

--
-- Name: institution_record_place_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX institution_record_place_idx ON public.institution_record USING btree (region_id, organisation, kind, since);

--
-- Name: job_due_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX job_due_idx ON public.job USING btree (region_id, due_at, id) WHERE (state <> 'failed'::public.job_state);

--
-- Name: job_instance_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX job_instance_idx ON public.job USING btree (region_id, instance_id) WHERE (instance_id IS NOT NULL);

--
-- Name: job_suspect_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX job_suspect_idx ON public.job USING btree (region_id, due_at) WHERE (attempts > 0);

--
-- Name: merged_record_survivor_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX merged_record_survivor_idx ON public.merged_record USING btree (region_id, kind, survivor_id);

--
-- Name: message_buffered_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX message_buffered_idx ON public.message USING btree (region_id, name, key, published_at) WHERE (state = 'buffered'::public.message_state);

--
-- Name: message_expiry_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX message_expiry_idx ON public.message USING btree (region_id, expires_at);

--
-- Name: message_published_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX message_published_idx ON public.message USING btree (region_id, published_at) WHERE (state = 'published'::public.message_state);

--
-- Name: message_sender_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX message_sender_idx ON public.message USING btree (region_id, name, key, message_id) WHERE (message_id IS NOT NULL);

--
-- Name: message_subscription_key_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX message_subscription_key_idx ON public.message_subscription USING btree (region_id, name, key, opened_at) WHERE (name IS NOT NULL);

--
-- Name: message_unmatched_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX message_unmatched_idx ON public.message USING btree (region_id, published_at, id) WHERE (state <> 'delivered'::public.message_state);

--
-- Name: record_merge_open_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX record_merge_open_idx ON public.record_merge USING btree (region_id, replaced_id) WHERE (undone_at IS NULL);

--
-- Name: record_merge_survivor_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX record_merge_survivor_idx ON public.record_merge USING btree (region_id, survivor_id) WHERE (undone_at IS NULL);

--
-- Name: referral_step_due_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX referral_step_due_idx ON public.referral_step USING btree (region_id, due_at) WHERE (state = 'waiting'::text);

--
-- Name: referral_step_instance_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX referral_step_instance_idx ON public.referral_step USING btree (region_id, instance_id);

--
-- Name: referral_step_recent_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX referral_step_recent_idx ON public.referral_step USING btree (region_id, recorded_at) WHERE (step = 'requested'::text);

--
-- Name: resource_date_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX resource_date_idx ON public.resource_date USING btree (region_id, type, param, low, id) WHERE (param IS NOT NULL);

--
-- Name: resource_date_of_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX resource_date_of_idx ON public.resource_date USING btree (region_id, type, id, param, low, high);

--
-- Name: resource_episode_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX resource_episode_idx ON public.resource USING btree (region_id, episode_id, type) WHERE (episode_id IS NOT NULL);

--
-- Name: resource_identity_of_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX resource_identity_of_idx ON public.resource_identity USING btree (region_id, type, id);

--
-- Name: resource_patient_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX resource_patient_idx ON public.resource USING btree (region_id, patient_id, type) WHERE (patient_id IS NOT NULL);

--
-- Name: resource_string_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX resource_string_idx ON public.resource_string USING btree (region_id, type, param, value text_pattern_ops) WHERE (param IS NOT NULL);

--
-- Name: resource_string_of_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX resource_string_of_idx ON public.resource_string USING btree (region_id, type, id);

--
-- Name: resource_token_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX resource_token_idx ON public.resource USING gin (tokens);

--
-- Name: resource_updated_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX resource_updated_idx ON public.resource USING btree (region_id, type, updated_at, id) WHERE (NOT deleted);

--
-- Name: resource_version_type_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX resource_version_type_idx ON public.resource_version USING btree (region_id, type, updated_at, id, version);

--
-- Name: session_account_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX session_account_idx ON public.session USING btree (region_id, account_id) WHERE (ended_at IS NULL);

--
-- Name: sign_in_failure_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX sign_in_failure_idx ON public.sign_in_failure USING btree (region_id, login, address, failed_at);

--
-- Name: signal_subscription_name_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX signal_subscription_name_idx ON public.signal_subscription USING btree (region_id, name) WHERE (name IS NOT NULL);

--
-- Name: submitted_report_once_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX submitted_report_once_idx ON public.submitted_report USING btree (region_id, first, last, COALESCE(organisation, ''::text)) WHERE (replaces IS NULL);

--
-- Name: subscription_due_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX subscription_due_idx ON public.subscription USING btree (region_id, due_at) WHERE (due_at IS NOT NULL);

--
-- Name: subscription_event_age_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX subscription_event_age_idx ON public.subscription_event USING btree (region_id, at);

--
-- Name: subscription_watch_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX subscription_watch_idx ON public.subscription USING btree (region_id) WHERE (status <> 'off'::public.subscription_status);

--
-- Name: text_sent_of_case_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX text_sent_of_case_idx ON public.text_sent USING btree (region_id, pregnancy_id, on_day);

--
-- Name: timer_claim_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX timer_claim_idx ON public.timer USING btree (region_id, due_at, instance_id, wait_id);

--
-- Name: timer_start_due_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX timer_start_due_idx ON public.timer_start USING btree (region_id, due_at);

--
-- Name: timer_suspect_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX timer_suspect_idx ON public.timer USING btree (region_id, due_at) WHERE (attempts > 0);

--
-- Name: user_task_attachment_instance_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX user_task_attachment_instance_idx ON public.user_task_attachment USING btree (region_id, instance_id);

--
-- Name: user_task_comment_instance_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX user_task_comment_instance_idx ON public.user_task_comment USING btree (region_id, instance_id);

--
-- Name: user_task_handover_instance_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX user_task_handover_instance_idx ON public.user_task_handover USING btree (region_id, instance_id);

--
-- Name: user_task_handover_unseen_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX user_task_handover_unseen_idx ON public.user_task_handover USING btree (region_id, given_to) WHERE (seen_at IS NULL);

--
-- Name: user_task_hurried_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX user_task_hurried_idx ON public.user_task USING btree (region_id, due_at) WHERE ((state = ANY (ARRAY['created'::public.user_task_state, 'claimed'::public.user_task_state])) AND ((due_at - created_at) <= '01:00:00'::interval));

--
-- Name: user_task_instance_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX user_task_instance_idx ON public.user_task USING btree (region_id, instance_id, wait_id, state) WHERE (instance_id IS NOT NULL);

--
-- Name: user_task_open_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX user_task_open_idx ON public.user_task USING btree (region_id, organisation, due_at, id) WHERE (state = ANY (ARRAY['created'::public.user_task_state, 'claimed'::public.user_task_state]));

--
-- Name: procrastinate_jobs procrastinate_jobs_notify_queue_job_aborted_v1; Type: TRIGGER; Schema: procrastinate; Owner: -
--

CREATE TRIGGER procrastinate_jobs_notify_queue_job_aborted_v1 AFTER UPDATE OF abort_requested ON procrastinate.procrastinate_jobs FOR EACH ROW WHEN (((old.abort_requested = false) AND (new.abort_requested = true) AND (new.status = 'doing'::procrastinate.procrastinate_job_status))) EXECUTE FUNCTION procrastinate.procrastinate_notify_queue_abort_job_v1();

--
-- Name: procrastinate_jobs procrastinate_jobs_notify_queue_job_inserted_v1; Type: TRIGGER; Schema: procrastinate; Owner: -
--

CREATE TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1 AFTER INSERT ON procrastinate.procrastinate_jobs FOR EACH ROW WHEN ((new.status = 'todo'::procrastinate.procrastinate_job_status)) EXECUTE FUNCTION procrastinate.procrastinate_notify_queue_job_inserted_v1();

--
-- Name: procrastinate_jobs procrastinate_trigger_abort_requested_events_v1; Type: TRIGGER; Schema: procrastinate; Owner: -
--

CREATE TRIGGER procrastinate_trigger_abort_requested_events_v1 AFTER UPDATE OF abort_requested ON procrastinate.procrastinate_jobs FOR EACH ROW WHEN ((new.abort_requested = true)) EXECUTE FUNCTION procrastinate.procrastinate_trigger_abort_requested_events_procedure_v1();

--
-- Name: procrastinate_jobs procrastinate_trigger_delete_jobs_v1; Type: TRIGGER; Schema: procrastinate; Owner: -
--

CREATE TRIGGER procrastinate_trigger_delete_jobs_v1 BEFORE DELETE ON procrastinate.procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION procrastinate.procrastinate_unlink_periodic_defers_v1();

--
-- Name: procrastinate_jobs procrastinate_trigger_scheduled_events_v1; Type: TRIGGER; Schema: procrastinate; Owner: -
--

CREATE TRIGGER procrastinate_trigger_scheduled_events_v1 AFTER INSERT OR UPDATE ON procrastinate.procrastinate_jobs FOR EACH ROW WHEN (((new.scheduled_at IS NOT NULL) AND (new.status = 'todo'::procrastinate.procrastinate_job_status))) EXECUTE FUNCTION procrastinate.procrastinate_trigger_function_scheduled_events_v1();

--
-- Name: procrastinate_jobs procrastinate_trigger_status_events_insert_v1; Type: TRIGGER; Schema: procrastinate; Owner: -
--

CREATE TRIGGER procrastinate_trigger_status_events_insert_v1 AFTER INSERT ON procrastinate.procrastinate_jobs FOR EACH ROW WHEN ((new.status = 'todo'::procrastinate.procrastinate_job_status)) EXECUTE FUNCTION procrastinate.procrastinate_trigger_function_status_events_insert_v1();

--
-- Name: procrastinate_jobs procrastinate_trigger_status_events_update_v1; Type: TRIGGER; Schema: procrastinate; Owner: -
--

CREATE TRIGGER procrastinate_trigger_status_events_update_v1 AFTER UPDATE OF status ON procrastinate.procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION procrastinate.procrastinate_trigger_function_status_events_update_v1();

--
-- Name: access_token access_token_begins_people_epoch; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER access_token_begins_people_epoch AFTER DELETE OR UPDATE OR TRUNCATE ON public.access_token FOR EACH STATEMENT EXECUTE FUNCTION public.begin_people_epoch();

--
-- Name: account account_begins_people_epoch; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER account_begins_people_epoch AFTER DELETE OR UPDATE OR TRUNCATE ON public.account FOR EACH STATEMENT EXECUTE FUNCTION public.begin_people_epoch();

--
-- Name: account_role account_role_begins_people_epoch; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER account_role_begins_people_epoch AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.account_role FOR EACH STATEMENT EXECUTE FUNCTION public.begin_people_epoch();

--
-- Name: app app_begins_people_epoch; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER app_begins_people_epoch AFTER DELETE OR UPDATE OR TRUNCATE ON public.app FOR EACH STATEMENT EXECUTE FUNCTION public.begin_people_epoch();

--
-- Name: app_grant app_grant_begins_people_epoch; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER app_grant_begins_people_epoch AFTER UPDATE OF revoked_at ON public.app_grant FOR EACH STATEMENT EXECUTE FUNCTION public.begin_people_epoch();

--
-- Name: app_grant app_grant_gone_begins_people_epoch; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER app_grant_gone_begins_people_epoch AFTER DELETE OR TRUNCATE ON public.app_grant FOR EACH STATEMENT EXECUTE FUNCTION public.begin_people_epoch();

--
-- Name: app_token app_token_begins_people_epoch; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER app_token_begins_people_epoch AFTER UPDATE OF revoked_at ON public.app_token FOR EACH STATEMENT EXECUTE FUNCTION public.begin_people_epoch();

--
-- Name: app_token app_token_gone_begins_people_epoch; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER app_token_gone_begins_people_epoch AFTER DELETE OR TRUNCATE ON public.app_token FOR EACH STATEMENT EXECUTE FUNCTION public.begin_people_epoch();

--
-- Name: audit audit_append_only; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER audit_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit FOR EACH STATEMENT EXECUTE FUNCTION public.audit_is_append_only();

--
-- Name: client client_begins_people_epoch; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER client_begins_people_epoch AFTER DELETE OR UPDATE OR TRUNCATE ON public.client FOR EACH STATEMENT EXECUTE FUNCTION public.begin_people_epoch();

--
-- Name: definition definition_is_immutable; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER definition_is_immutable BEFORE DELETE OR UPDATE ON public.definition FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

--
-- Name: history history_is_append_only; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER history_is_append_only BEFORE UPDATE ON public.history FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

--
-- Name: organisation organisation_begins_people_epoch; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER organisation_begins_people_epoch AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.organisation FOR EACH STATEMENT EXECUTE FUNCTION public.begin_people_epoch();

--
-- Name: session session_end_begins_people_epoch; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER session_end_begins_people_epoch AFTER UPDATE OF ended_at ON public.session FOR EACH STATEMENT EXECUTE FUNCTION public.begin_people_epoch();

--
-- Name: procrastinate_events procrastinate_events_job_id_fkey; Type: FK CONSTRAINT; Schema: procrastinate; Owner: -
--

ALTER TABLE ONLY procrastinate.procrastinate_events
    ADD CONSTRAINT procrastinate_events_job_id_fkey FOREIGN KEY (job_id) REFERENCES procrastinate.procrastinate_jobs(id) ON DELETE CASCADE;

--
-- Name: procrastinate_jobs procrastinate_jobs_worker_id_fkey; Type: FK CONSTRAINT; Schema: procrastinate; Owner: -
--

ALTER TABLE ONLY procrastinate.procrastinate_jobs
    ADD CONSTRAINT procrastinate_jobs_worker_id_fkey FOREIGN KEY (worker_id) REFERENCES procrastinate.procrastinate_workers(id) ON DELETE SET NULL;

--
-- Name: procrastinate_periodic_defers procrastinate_periodic_defers_job_id_fkey; Type: FK CONSTRAINT; Schema: procrastinate; Owner: -
--

ALTER TABLE ONLY procrastinate.procrastinate_periodic_defers
    ADD CONSTRAINT procrastinate_periodic_defers_job_id_fkey FOREIGN KEY (job_id) REFERENCES procrastinate.procrastinate_jobs(id);

--
-- Name: access_token access_token_region_id_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT access_token_region_id_account_id_fkey FOREIGN KEY (region_id, account_id) REFERENCES public.account(region_id, id) ON DELETE CASCADE;

--
-- Name: access_token access_token_region_id_client_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT access_token_region_id_client_id_fkey FOREIGN KEY (region_id, client_id) REFERENCES public.client(region_id, id) ON DELETE CASCADE;

--
-- Name: account account_region_id_organisation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_region_id_organisation_id_fkey FOREIGN KEY (region_id, organisation_id) REFERENCES public.organisation(region_id, id);

--
-- Name: account_role account_role_region_id_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.account_role
    ADD CONSTRAINT account_role_region_id_account_id_fkey FOREIGN KEY (region_id, account_id) REFERENCES public.account(region_id, id) ON DELETE CASCADE;

--
-- Name: app_grant app_grant_region_id_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.app_grant
    ADD CONSTRAINT app_grant_region_id_account_id_fkey FOREIGN KEY (region_id, account_id) REFERENCES public.account(region_id, id) ON DELETE CASCADE;

--
-- Name: app_grant app_grant_region_id_client_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.app_grant
    ADD CONSTRAINT app_grant_region_id_client_id_fkey FOREIGN KEY (region_id, client_id) REFERENCES public.app(region_id, client_id) ON DELETE CASCADE;

--
-- Name: app_launch app_launch_region_id_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.app_launch
    ADD CONSTRAINT app_launch_region_id_account_id_fkey FOREIGN KEY (region_id, account_id) REFERENCES public.account(region_id, id) ON DELETE CASCADE;

--
-- Name: app_launch app_launch_region_id_client_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.app_launch
    ADD CONSTRAINT app_launch_region_id_client_id_fkey FOREIGN KEY (region_id, client_id) REFERENCES public.app(region_id, client_id) ON DELETE CASCADE;

--
-- Name: app app_region_id_client_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.app
    ADD CONSTRAINT app_region_id_client_id_fkey FOREIGN KEY (region_id, client_id) REFERENCES public.client(region_id, id) ON DELETE CASCADE;

--
-- Name: app_token app_token_region_id_grant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.app_token
    ADD CONSTRAINT app_token_region_id_grant_id_fkey FOREIGN KEY (region_id, grant_id) REFERENCES public.app_grant(region_id, id) ON DELETE CASCADE;

--
-- Name: archived_instance archived_instance_region_id_archive_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.archived_instance
    ADD CONSTRAINT archived_instance_region_id_archive_id_fkey FOREIGN KEY (region_id, archive_id) REFERENCES public.archive(region_id, id);

--
-- Name: arrival_outcome arrival_outcome_region_id_arrival_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.arrival_outcome
    ADD CONSTRAINT arrival_outcome_region_id_arrival_id_fkey FOREIGN KEY (region_id, arrival_id) REFERENCES public.arrival(region_id, id) ON DELETE CASCADE;

--
-- Name: client_assertion client_assertion_region_id_client_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.client_assertion
    ADD CONSTRAINT client_assertion_region_id_client_id_fkey FOREIGN KEY (region_id, client_id) REFERENCES public.client(region_id, id) ON DELETE CASCADE;

--
-- Name: client_key_address client_key_address_region_id_client_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.client_key_address
    ADD CONSTRAINT client_key_address_region_id_client_id_fkey FOREIGN KEY (region_id, client_id) REFERENCES public.client(region_id, id) ON DELETE CASCADE;

--
-- Name: client client_region_id_organisation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.client
    ADD CONSTRAINT client_region_id_organisation_id_fkey FOREIGN KEY (region_id, organisation_id) REFERENCES public.organisation(region_id, id);

--
-- Name: definition definition_deployment_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.definition
    ADD CONSTRAINT definition_deployment_id_fkey FOREIGN KEY (deployment_id) REFERENCES public.deployment(id);

--
-- Name: export_file export_file_region_id_job_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.export_file
    ADD CONSTRAINT export_file_region_id_job_id_fkey FOREIGN KEY (region_id, job_id) REFERENCES public.export_job(region_id, id) ON DELETE CASCADE;

--
-- Name: export_job export_job_region_id_client_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.export_job
    ADD CONSTRAINT export_job_region_id_client_id_fkey FOREIGN KEY (region_id, client_id) REFERENCES public.client(region_id, id) ON DELETE CASCADE;

--
-- Name: export_part export_part_region_id_job_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.export_part
    ADD CONSTRAINT export_part_region_id_job_id_fkey FOREIGN KEY (region_id, job_id) REFERENCES public.export_job(region_id, id) ON DELETE CASCADE;

--
-- Name: fhir_document fhir_document_region_id_replaces_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.fhir_document
    ADD CONSTRAINT fhir_document_region_id_replaces_fkey FOREIGN KEY (region_id, replaces) REFERENCES public.fhir_document(region_id, id);

--
-- Name: hospital_person hospital_person_region_id_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hospital_person
    ADD CONSTRAINT hospital_person_region_id_account_id_fkey FOREIGN KEY (region_id, account_id) REFERENCES public.account(region_id, id) ON DELETE CASCADE;

--
-- Name: hospital_person hospital_person_region_id_issuer_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hospital_person
    ADD CONSTRAINT hospital_person_region_id_issuer_fkey FOREIGN KEY (region_id, issuer) REFERENCES public.launching_hospital(region_id, issuer) ON DELETE CASCADE;

--
-- Name: hospital_sign_in hospital_sign_in_region_id_issuer_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hospital_sign_in
    ADD CONSTRAINT hospital_sign_in_region_id_issuer_fkey FOREIGN KEY (region_id, issuer) REFERENCES public.launching_hospital(region_id, issuer) ON DELETE CASCADE;

--
-- Name: import_row import_row_region_id_batch_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.import_row
    ADD CONSTRAINT import_row_region_id_batch_id_fkey FOREIGN KEY (region_id, batch_id) REFERENCES public.import_batch(region_id, id) ON DELETE CASCADE;

--
-- Name: institution_record institution_record_region_id_organisation_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.institution_record
    ADD CONSTRAINT institution_record_region_id_organisation_fkey FOREIGN KEY (region_id, organisation) REFERENCES public.organisation(region_id, id);

--
-- Name: launching_hospital launching_hospital_region_id_organisation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.launching_hospital
    ADD CONSTRAINT launching_hospital_region_id_organisation_id_fkey FOREIGN KEY (region_id, organisation_id) REFERENCES public.organisation(region_id, id);

--
-- Name: notify_endpoint notify_endpoint_region_id_client_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.notify_endpoint
    ADD CONSTRAINT notify_endpoint_region_id_client_id_fkey FOREIGN KEY (region_id, client_id) REFERENCES public.client(region_id, id) ON DELETE CASCADE;

--
-- Name: organisation organisation_region_id_parent_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.organisation
    ADD CONSTRAINT organisation_region_id_parent_id_fkey FOREIGN KEY (region_id, parent_id) REFERENCES public.organisation(region_id, id);

--
-- Name: record_merge_part record_merge_part_region_id_merge_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.record_merge_part
    ADD CONSTRAINT record_merge_part_region_id_merge_id_fkey FOREIGN KEY (region_id, merge_id) REFERENCES public.record_merge(region_id, id);

--
-- Name: session session_region_id_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_region_id_account_id_fkey FOREIGN KEY (region_id, account_id) REFERENCES public.account(region_id, id) ON DELETE CASCADE;

--
-- Name: submitted_measure submitted_measure_region_id_report_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.submitted_measure
    ADD CONSTRAINT submitted_measure_region_id_report_id_fkey FOREIGN KEY (region_id, report_id) REFERENCES public.submitted_report(region_id, id);

--
-- Name: submitted_report submitted_report_region_id_replaces_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.submitted_report
    ADD CONSTRAINT submitted_report_region_id_replaces_fkey FOREIGN KEY (region_id, replaces) REFERENCES public.submitted_report(region_id, id);

--
-- Name: subscription_event subscription_event_region_id_subscription_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.subscription_event
    ADD CONSTRAINT subscription_event_region_id_subscription_id_fkey FOREIGN KEY (region_id, subscription_id) REFERENCES public.subscription(region_id, id) ON DELETE CASCADE;

--
-- Name: subscription subscription_region_id_client_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.subscription
    ADD CONSTRAINT subscription_region_id_client_id_fkey FOREIGN KEY (region_id, client_id) REFERENCES public.client(region_id, id) ON DELETE CASCADE;

--
-- Name: procrastinate_events open; Type: POLICY; Schema: procrastinate; Owner: -
--

CREATE POLICY open ON procrastinate.procrastinate_events USING (true);

--
-- Name: procrastinate_jobs open; Type: POLICY; Schema: procrastinate; Owner: -
--

CREATE POLICY open ON procrastinate.procrastinate_jobs USING (true);

--
-- Name: procrastinate_periodic_defers open; Type: POLICY; Schema: procrastinate; Owner: -
--

CREATE POLICY open ON procrastinate.procrastinate_periodic_defers USING (true);

--
-- Name: procrastinate_workers open; Type: POLICY; Schema: procrastinate; Owner: -
--

CREATE POLICY open ON procrastinate.procrastinate_workers USING (true);

--
-- Name: procrastinate_events; Type: ROW SECURITY; Schema: procrastinate; Owner: -
--

ALTER TABLE procrastinate.procrastinate_events ENABLE ROW LEVEL SECURITY;

--
-- Name: procrastinate_jobs; Type: ROW SECURITY; Schema: procrastinate; Owner: -
--

ALTER TABLE procrastinate.procrastinate_jobs ENABLE ROW LEVEL SECURITY;

--
-- Name: procrastinate_periodic_defers; Type: ROW SECURITY; Schema: procrastinate; Owner: -
--

ALTER TABLE procrastinate.procrastinate_periodic_defers ENABLE ROW LEVEL SECURITY;

--
-- Name: procrastinate_workers; Type: ROW SECURITY; Schema: procrastinate; Owner: -
--

ALTER TABLE procrastinate.procrastinate_workers ENABLE ROW LEVEL SECURITY;

--
-- Name: access_token; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.access_token ENABLE ROW LEVEL SECURITY;

--
-- Name: account; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.account ENABLE ROW LEVEL SECURITY;

--
-- Name: account_role; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.account_role ENABLE ROW LEVEL SECURITY;

--
-- Name: app; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.app ENABLE ROW LEVEL SECURITY;

--
-- Name: app_grant; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.app_grant ENABLE ROW LEVEL SECURITY;

--
-- Name: app_launch; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.app_launch ENABLE ROW LEVEL SECURITY;

--
-- Name: app_token; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.app_token ENABLE ROW LEVEL SECURITY;

--
-- Name: archive; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.archive ENABLE ROW LEVEL SECURITY;

--
-- Name: archived_instance; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.archived_instance ENABLE ROW LEVEL SECURITY;

--
-- Name: arrival; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.arrival ENABLE ROW LEVEL SECURITY;

--
-- Name: arrival_outcome; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.arrival_outcome ENABLE ROW LEVEL SECURITY;

--
-- Name: audit; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.audit ENABLE ROW LEVEL SECURITY;

--
-- Name: batch; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.batch ENABLE ROW LEVEL SECURITY;

--
-- Name: batch_item; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.batch_item ENABLE ROW LEVEL SECURITY;

--
-- Name: client; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.client ENABLE ROW LEVEL SECURITY;

--
-- Name: client_assertion; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.client_assertion ENABLE ROW LEVEL SECURITY;

--
-- Name: client_code; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.client_code ENABLE ROW LEVEL SECURITY;

--
-- Name: client_count; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.client_count ENABLE ROW LEVEL SECURITY;

--
-- Name: client_inbound; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.client_inbound ENABLE ROW LEVEL SECURITY;

--
-- Name: client_key_address; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.client_key_address ENABLE ROW LEVEL SECURITY;

--
-- Name: definition; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.definition ENABLE ROW LEVEL SECURITY;

--
-- Name: definition_suspension; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.definition_suspension ENABLE ROW LEVEL SECURITY;

--
-- Name: delivery; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.delivery ENABLE ROW LEVEL SECURITY;

--
-- Name: deployment; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.deployment ENABLE ROW LEVEL SECURITY;

--
-- Name: document_that_came; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.document_that_came ENABLE ROW LEVEL SECURITY;

--
-- Name: export_file; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.export_file ENABLE ROW LEVEL SECURITY;

--
-- Name: export_job; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.export_job ENABLE ROW LEVEL SECURITY;

--
-- Name: export_part; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.export_part ENABLE ROW LEVEL SECURITY;

--
-- Name: fhir_document; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.fhir_document ENABLE ROW LEVEL SECURITY;

--
-- Name: history; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.history ENABLE ROW LEVEL SECURITY;

--
-- Name: history_policy; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.history_policy ENABLE ROW LEVEL SECURITY;

--
-- Name: hospital_person; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.hospital_person ENABLE ROW LEVEL SECURITY;

--
-- Name: hospital_sign_in; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.hospital_sign_in ENABLE ROW LEVEL SECURITY;

--
-- Name: http_answer; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.http_answer ENABLE ROW LEVEL SECURITY;

--
-- Name: idempotency; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.idempotency ENABLE ROW LEVEL SECURITY;

--
-- Name: identity_key; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.identity_key ENABLE ROW LEVEL SECURITY;

--
-- Name: import_batch; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.import_batch ENABLE ROW LEVEL SECURITY;

--
-- Name: import_row; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.import_row ENABLE ROW LEVEL SECURITY;

--
-- Name: inbound_burst; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.inbound_burst ENABLE ROW LEVEL SECURITY;

--
-- Name: inbound_event; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.inbound_event ENABLE ROW LEVEL SECURITY;

--
-- Name: inbound_mark; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.inbound_mark ENABLE ROW LEVEL SECURITY;

--
-- Name: inbox_item; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.inbox_item ENABLE ROW LEVEL SECURITY;

--
-- Name: incident; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.incident ENABLE ROW LEVEL SECURITY;

--
-- Name: definition installation; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY installation ON public.definition USING ((NULLIF(current_setting('app.region'::text, true), ''::text) IS NOT NULL));

--
-- Name: definition_suspension installation; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY installation ON public.definition_suspension USING ((NULLIF(current_setting('app.region'::text, true), ''::text) IS NOT NULL));

--
-- Name: deployment installation; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY installation ON public.deployment USING ((NULLIF(current_setting('app.region'::text, true), ''::text) IS NOT NULL));

--
-- Name: message_start installation; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY installation ON public.message_start USING ((NULLIF(current_setting('app.region'::text, true), ''::text) IS NOT NULL));

--
-- Name: people_epoch installation; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY installation ON public.people_epoch USING ((NULLIF(current_setting('app.region'::text, true), ''::text) IS NOT NULL));

--
-- Name: start_event installation; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY installation ON public.start_event USING ((NULLIF(current_setting('app.region'::text, true), ''::text) IS NOT NULL));

--
-- Name: instance; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.instance ENABLE ROW LEVEL SECURITY;

--
-- Name: instance_before; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.instance_before ENABLE ROW LEVEL SECURITY;

--
-- Name: institution_record; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.institution_record ENABLE ROW LEVEL SECURITY;

--
-- Name: job; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.job ENABLE ROW LEVEL SECURITY;

--
-- Name: launching_hospital; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.launching_hospital ENABLE ROW LEVEL SECURITY;

--
-- Name: manual_clock; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.manual_clock ENABLE ROW LEVEL SECURITY;

--
-- Name: merged_record; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.merged_record ENABLE ROW LEVEL SECURITY;

--
-- Name: message; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.message ENABLE ROW LEVEL SECURITY;

--
-- Name: message_start; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.message_start ENABLE ROW LEVEL SECURITY;

--
-- Name: message_subscription; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.message_subscription ENABLE ROW LEVEL SECURITY;

--
-- Name: notify_endpoint; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.notify_endpoint ENABLE ROW LEVEL SECURITY;

--
-- Name: manual_clock open; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY open ON public.manual_clock USING (true);

--
-- Name: schema_migration open; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY open ON public.schema_migration USING (true);

--
-- Name: organisation; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.organisation ENABLE ROW LEVEL SECURITY;

--
-- Name: document_that_came organisations; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY organisations ON public.document_that_came AS RESTRICTIVE FOR SELECT USING (((current_setting('app.organisations'::text, true) = '*'::text) OR public.may_know_resource(region_id, patient_id, owner, labels)));

--
-- Name: fhir_document organisations; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY organisations ON public.fhir_document AS RESTRICTIVE FOR SELECT USING (((current_setting('app.organisations'::text, true) = '*'::text) OR public.may_know_resource(region_id, patient_id, owner, labels)));

--
-- Name: history organisations; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY organisations ON public.history AS RESTRICTIVE FOR SELECT USING (((COALESCE(current_setting('app.cases'::text, true), ''::text) = ''::text) OR public.may_know_case(region_id, instance_id)));

--
-- Name: incident organisations; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY organisations ON public.incident AS RESTRICTIVE FOR SELECT USING (((COALESCE(current_setting('app.cases'::text, true), ''::text) = ''::text) OR public.may_know_case(region_id, instance_id)));

--
-- Name: instance organisations; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY organisations ON public.instance AS RESTRICTIVE FOR SELECT USING (((COALESCE(current_setting('app.cases'::text, true), ''::text) = ''::text) OR public.may_know_case_of(region_id, variables)));

--
-- Name: resource organisations; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY organisations ON public.resource AS RESTRICTIVE FOR SELECT USING (((current_setting('app.organisations'::text, true) = '*'::text) OR public.may_know_resource(region_id, patient_id, owner, labels)));

--
-- Name: resource_version organisations; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY organisations ON public.resource_version AS RESTRICTIVE FOR SELECT USING (((current_setting('app.organisations'::text, true) = '*'::text) OR public.may_know_version(region_id, type, id)));

--
-- Name: user_task organisations; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY organisations ON public.user_task AS RESTRICTIVE FOR SELECT USING (((COALESCE(current_setting('app.cases'::text, true), ''::text) = ''::text) OR (organisation IS NULL) OR (organisation = ANY ((NULLIF(current_setting('app.cases'::text, true), ''::text))::text[])) OR public.may_know_case(region_id, instance_id)));

--
-- Name: user_task_attachment organisations; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY organisations ON public.user_task_attachment AS RESTRICTIVE FOR SELECT USING (((COALESCE(current_setting('app.cases'::text, true), ''::text) = ''::text) OR public.may_know_task(region_id, user_task_id)));

--
-- Name: user_task_comment organisations; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY organisations ON public.user_task_comment AS RESTRICTIVE FOR SELECT USING (((COALESCE(current_setting('app.cases'::text, true), ''::text) = ''::text) OR public.may_know_task(region_id, user_task_id)));

--
-- Name: user_task_handover organisations; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY organisations ON public.user_task_handover AS RESTRICTIVE FOR SELECT USING (((COALESCE(current_setting('app.cases'::text, true), ''::text) = ''::text) OR public.may_know_task(region_id, user_task_id)));

--
-- Name: outbox; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.outbox ENABLE ROW LEVEL SECURITY;

--
-- Name: patient_area; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.patient_area ENABLE ROW LEVEL SECURITY;

--
-- Name: people_epoch; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.people_epoch ENABLE ROW LEVEL SECURITY;

--
-- Name: record_merge; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.record_merge ENABLE ROW LEVEL SECURITY;

--
-- Name: record_merge_part; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.record_merge_part ENABLE ROW LEVEL SECURITY;

--
-- Name: referral_number; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.referral_number ENABLE ROW LEVEL SECURITY;

--
-- Name: referral_step; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.referral_step ENABLE ROW LEVEL SECURITY;

--
-- Name: access_token region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.access_token USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: account region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.account USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: account_role region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.account_role USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: app region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.app USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: app_grant region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.app_grant USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: app_launch region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.app_launch USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: app_token region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.app_token USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: archive region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.archive USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: archived_instance region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.archived_instance USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: arrival region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.arrival USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: arrival_outcome region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.arrival_outcome USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: audit region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.audit USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: batch region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.batch USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: batch_item region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.batch_item USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: client region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.client USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: client_assertion region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.client_assertion USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: client_code region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.client_code USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: client_count region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.client_count USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: client_inbound region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.client_inbound USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: client_key_address region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.client_key_address USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: delivery region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.delivery USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: document_that_came region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.document_that_came USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: export_file region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.export_file USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: export_job region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.export_job USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: export_part region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.export_part USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: fhir_document region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.fhir_document USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: history region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.history USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: history_policy region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.history_policy USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: hospital_person region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.hospital_person USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: hospital_sign_in region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.hospital_sign_in USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: http_answer region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.http_answer USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: idempotency region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.idempotency USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: identity_key region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.identity_key USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: import_batch region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.import_batch USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: import_row region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.import_row USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: inbound_burst region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.inbound_burst USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: inbound_event region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.inbound_event USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: inbound_mark region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.inbound_mark USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: inbox_item region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.inbox_item USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: incident region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.incident USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: instance region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.instance USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: instance_before region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.instance_before USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: institution_record region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.institution_record USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: job region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.job USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: launching_hospital region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.launching_hospital USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: merged_record region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.merged_record USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: message region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.message USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: message_subscription region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.message_subscription USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: notify_endpoint region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.notify_endpoint USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: organisation region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.organisation USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: outbox region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.outbox USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: patient_area region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.patient_area USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: record_merge region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.record_merge USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: record_merge_part region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.record_merge_part USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: referral_number region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.referral_number USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: referral_step region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.referral_step USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: region_catalogue region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.region_catalogue USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: region_move region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.region_move USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: resource region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.resource USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: resource_change region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.resource_change USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: resource_date region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.resource_date USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: resource_identity region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.resource_identity USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: resource_string region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.resource_string USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: resource_version region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.resource_version USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: session region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.session USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: sign_in_failure region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.sign_in_failure USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: signal_subscription region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.signal_subscription USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: signing_key region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.signing_key USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: submitted_measure region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.submitted_measure USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: submitted_report region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.submitted_report USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: subscription region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.subscription USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: subscription_event region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.subscription_event USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: text_consent region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.text_consent USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: text_sent region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.text_sent USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: timer region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.timer USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: timer_start region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.timer_start USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: tolerated region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.tolerated USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: unmapped_code region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.unmapped_code USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: user_task region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.user_task USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: user_task_attachment region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.user_task_attachment USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: user_task_comment region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.user_task_comment USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: user_task_handover region; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY region ON public.user_task_handover USING ((region_id = NULLIF(current_setting('app.region'::text, true), ''::text)));

--
-- Name: region_catalogue; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.region_catalogue ENABLE ROW LEVEL SECURITY;

--
-- Name: region_move; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.region_move ENABLE ROW LEVEL SECURITY;

--
-- Name: resource; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.resource ENABLE ROW LEVEL SECURITY;

--
-- Name: resource_change; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.resource_change ENABLE ROW LEVEL SECURITY;

--
-- Name: resource_date; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.resource_date ENABLE ROW LEVEL SECURITY;

--
-- Name: resource_identity; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.resource_identity ENABLE ROW LEVEL SECURITY;

--
-- Name: resource_string; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.resource_string ENABLE ROW LEVEL SECURITY;

--
-- Name: resource_version; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.resource_version ENABLE ROW LEVEL SECURITY;

--
-- Name: schema_migration; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.schema_migration ENABLE ROW LEVEL SECURITY;

--
-- Name: session; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.session ENABLE ROW LEVEL SECURITY;

--
-- Name: sign_in_failure; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.sign_in_failure ENABLE ROW LEVEL SECURITY;

--
-- Name: signal_subscription; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.signal_subscription ENABLE ROW LEVEL SECURITY;

--
-- Name: signing_key; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.signing_key ENABLE ROW LEVEL SECURITY;

--
-- Name: start_event; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.start_event ENABLE ROW LEVEL SECURITY;

--
-- Name: submitted_measure; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.submitted_measure ENABLE ROW LEVEL SECURITY;

--
-- Name: submitted_report; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.submitted_report ENABLE ROW LEVEL SECURITY;

--
-- Name: subscription; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.subscription ENABLE ROW LEVEL SECURITY;

--
-- Name: subscription_event; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.subscription_event ENABLE ROW LEVEL SECURITY;

--
-- Name: text_consent; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.text_consent ENABLE ROW LEVEL SECURITY;

--
-- Name: text_sent; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.text_sent ENABLE ROW LEVEL SECURITY;

--
-- Name: timer; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.timer ENABLE ROW LEVEL SECURITY;

--
-- Name: timer_start; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.timer_start ENABLE ROW LEVEL SECURITY;

--
-- Name: tolerated; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.tolerated ENABLE ROW LEVEL SECURITY;

--
-- Name: unmapped_code; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.unmapped_code ENABLE ROW LEVEL SECURITY;

--
-- Name: user_task; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.user_task ENABLE ROW LEVEL SECURITY;

--
-- Name: user_task_attachment; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.user_task_attachment ENABLE ROW LEVEL SECURITY;

--
-- Name: user_task_comment; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.user_task_comment ENABLE ROW LEVEL SECURITY;

--
-- Name: user_task_handover; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.user_task_handover ENABLE ROW LEVEL SECURITY;

--
-- PostgreSQL database dump complete
--
