#!/bin/sh
# What a container does: web, worker, beat, migrate, or any command of manage.py.
set -eu

# Refuses to start with demo logins; the settings refuse a missing key and DEBUG by themselves.
check() { python manage.py check --deploy --database default --fail-level ERROR; }

case "${1:-web}" in
web)
    check
    exec gunicorn crm.wsgi --bind 0.0.0.0:8000 --worker-class gthread \
        --workers "${WEB_WORKERS:-2}" --threads "${WEB_THREADS:-8}" --max-requests 5000 --max-requests-jitter 500 \
        --no-control-socket --worker-tmp-dir /dev/shm --access-logfile -
    ;;
worker)
    check
    exec celery -A crm.celery worker --pool threads --concurrency "${WORKER_THREADS:-8}" --loglevel INFO
    ;;
beat)
    exec celery -A crm.celery beat --loglevel INFO --pidfile= --schedule /tmp/beat-schedule
    ;;
migrate)
    exec python manage.py migrate --noinput
    ;;
*)
    exec python manage.py "$@"
    ;;
esac
