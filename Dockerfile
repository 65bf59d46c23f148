# One image for web, workers and engine; the command tells which.
FROM python:3.11-slim-bookworm
ENV PYTHONUNBUFFERED=1 HF_HUB_OFFLINE=1 HF_HUB_DISABLE_TELEMETRY=1 TOKENIZERS_PARALLELISM=false \
    DJANGO_SETTINGS_MODULE=config.settings.main AUSCULT_DATA_DIR=/data
WORKDIR /app
COPY pyproject.toml constraints.txt ./
# torch from PyPI carries CUDA; for a server without a GPU build with --build-arg TORCH_INDEX=<a CPU index>.
ARG TORCH_INDEX=
RUN pip install --no-cache-dir ${TORCH_INDEX:+--index-url $TORCH_INDEX} -c constraints.txt torch==2.13.0
COPY . .
RUN pip install --no-cache-dir -c constraints.txt -e '.[traces]' \
 && pybabel -q compile -i locale/zh_Hant/LC_MESSAGES/django.po -o locale/zh_Hant/LC_MESSAGES/django.mo \
 && useradd --system auscult && mkdir /data && chown auscult /data
USER auscult
VOLUME /data
EXPOSE 8800
CMD ["uvicorn", "config.asgi:application", "--host", "0.0.0.0", "--port", "8800", "--ws-per-message-deflate", "false"]
