# One image for web, worker and beat; docker-compose.yml says which command each one runs.
FROM python:3.13-slim-bookworm AS environment
ARG MORE_REQUIREMENTS=
COPY requirements.lock .
COPY requirements-s3.lock .
RUN python -m venv /environment \
    && for lock in requirements.lock $MORE_REQUIREMENTS; do \
       /environment/bin/pip install --no-cache-dir --require-hashes --only-binary=:all: \
       --requirement $lock || exit 1; done

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --user-group --home-dir /desk desk \
    && install --directory --owner=desk --group=desk --mode=0700 /data
COPY --from=environment /environment /environment
WORKDIR /desk
COPY manage.py ./
COPY factcheck factcheck
COPY claims claims
COPY reviews reviews
COPY templates templates
COPY seeds seeds
ENV PATH=/environment/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 FACTCHECK_DATA=/data
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s \
    CMD ["python", "-m", "factcheck.probe"]
CMD ["gunicorn", "factcheck.wsgi", "--bind=0.0.0.0:8000", "--worker-class=gthread", "--workers=2", \
     "--threads=4", "--graceful-timeout=20", "--worker-tmp-dir=/dev/shm", "--no-control-socket"]
