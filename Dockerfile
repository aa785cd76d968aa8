# The CRM for real use; docker-compose.yml puts the servers around it.

FROM node:22-slim AS front-end
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts

FROM python:3.11-slim AS app
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
COPY requirements/production.txt requirements/production.txt
RUN pip install --require-hashes -r requirements/production.txt
COPY --from=front-end /app/node_modules node_modules
COPY . .
# Collecting needs settings, but no server and no real key. Of the front-end packages only the icons are still
# read afterwards; the rest is in staticfiles.
RUN for texts in locale/*/LC_MESSAGES/*.po; do \
        pybabel -q compile --use-fuzzy -i "$texts" -o "${texts%.po}.mo"; \
    done \
 && SECRET_KEY=only-while-the-image-is-built-and-never-again \
    DATABASE_URL=postgres://none/none REDIS_URL=redis://none \
    python manage.py collectstatic --noinput --verbosity 0 \
 && find node_modules -mindepth 1 -maxdepth 1 ! -name @tabler -exec rm -r {} + \
 && find node_modules/@tabler -mindepth 1 -maxdepth 1 ! -name icons -exec rm -r {} + \
 && python -m compileall -q -x node_modules .

# Anew, so that what was thrown away above is not in any layer.
FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1
# What draws PDFs, and a font for letters that our own lacks (crm/local/bootstrap.py names the same).
RUN apt-get update \
 && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
 && rm -r /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /app crm
COPY --from=app /usr/local /usr/local
COPY --from=app /app /app
WORKDIR /app
RUN install -d -o crm -g crm /app/media
USER crm
VOLUME /app/media
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "deploy/healthcheck.py"]
ENTRYPOINT ["deploy/entrypoint.sh"]
CMD ["web"]
