# docker build -t dragphoto . && docker run --rm -p 7860:7860 dragphoto
# Opens on http://localhost:7860. Photos stay in the container's memory and temporary files.
FROM python:3.12-slim

# Wheels of torch for the CPU; with --build-arg TORCH_WHEELS= those for NVIDIA GPUs (much larger).
ARG TORCH_WHEELS=https://download.pytorch.org/whl/cpu

RUN useradd --create-home --uid 1000 dragphoto
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir ${TORCH_WHEELS:+--extra-index-url ${TORCH_WHEELS}} -r requirements.txt \
    'prometheus-client>=0.22'
COPY . .

USER dragphoto
ENV GRADIO_SERVER_NAME=0.0.0.0 \
    GRADIO_SERVER_PORT=7860 \
    GRADIO_ANALYTICS_ENABLED=False \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=10s --start-period=90s --retries=3 CMD \
    ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:7860/healthz', timeout=8)"]
CMD ["python", "app.py"]
