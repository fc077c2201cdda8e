import { serviceImage, type StandIn } from "../stand-ins/image-table.ts";

/** Stands for Traefik, by the engine's socket. */
const router: StandIn = {
  names: ["traefik:v3.5"],
  base: "debian",
  files: { "/router.py": "service/router.py" },
  config: { Entrypoint: ["python3", "-u", "/router.py"], ExposedPorts: { "80/tcp": {} } },
};

/** What the projects beside ask for, beyond the images of the examples. */
export const serviceImages: readonly StandIn[] = [
  router,
  ...[
    { name: "mariadb:11", ports: ["3306"], volumes: ["/var/lib/mysql"] },
    { name: "wordpress:6", ports: ["80"], volumes: ["/var/www/html"] },
    { name: "nextcloud:fpm", ports: ["9000"], volumes: ["/var/www/html"] },
    { name: "gitea/gitea:1.24", ports: ["3000", "22"], volumes: ["/data", "/etc/gitea"] },
    { name: "traefik/whoami:latest", ports: ["80"] },
    { name: "prom/prometheus:v3.5.0", ports: ["9090"], volumes: ["/prometheus"], user: "nobody" },
    { name: "prom/alertmanager:v0.28.1", ports: ["9093"], user: "nobody" },
    { name: "prom/node-exporter:v1.9.1", ports: ["9100"], user: "nobody" },
    { name: "gcr.io/cadvisor/cadvisor:v0.52.1", ports: ["8080"] },
    { name: "grafana/grafana:12.1.1", ports: ["3000"], user: "472" },
    { name: "elastic/setup:9.1.2", ports: [] },
    { name: "elastic/elasticsearch:9.1.2", ports: ["9200", "9300"], user: "1000:0" },
    { name: "elastic/logstash:9.1.2", ports: ["5044", "50000", "9600"], user: "1000" },
    { name: "elastic/kibana:9.1.2", ports: ["5601"], user: "1000" },
    { name: "apache/airflow:3.0.6", ports: ["8080", "8974"], user: "50000" },
    { name: "apache/kafka:4.0.0", ports: ["9092", "9093"], volumes: ["/var/lib/kafka/data"] },
    { name: "confluentinc/cp-schema-registry:8.0.0", ports: ["8081"] },
    { name: "kafbat/kafka-ui:v1.3.0", ports: ["8080"] },
    { name: "ghcr.io/mastodon/mastodon:v4.4.3", ports: ["3000"], user: "991" },
    { name: "ghcr.io/mastodon/mastodon-streaming:v4.4.3", ports: ["4000"], user: "991" },
    { name: "supabase/studio:2025.08.04", ports: ["3000"] },
    { name: "kong:2.8.1", ports: ["8000", "8443"] },
    { name: "supabase/gotrue:v2.177.0", ports: ["9999"] },
    { name: "postgrest/postgrest:v12.2.12", ports: ["3000"], user: "1000" },
    { name: "supabase/realtime:v2.34.47", ports: ["4000"] },
    { name: "supabase/storage-api:v1.25.7", ports: ["5000"] },
    { name: "darthsim/imgproxy:v3.8.0", ports: ["5001"], user: "999" },
    { name: "supabase/postgres-meta:v0.91.0", ports: ["8080"] },
    { name: "supabase/logflare:1.14.2", ports: ["4000"] },
    { name: "timberio/vector:0.28.1-alpine", ports: ["9001"] },
    { name: "mattermost/mattermost-enterprise-edition:10.11", ports: ["8065"], user: "2000" },
    { name: "qmcgaw/gluetun:v3.40", ports: ["8000"] },
    { name: "linuxserver/qbittorrent:5.1.2", ports: ["8080"], volumes: ["/config"] },
  ].map(serviceImage),
];
