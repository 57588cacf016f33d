# The program as one static file on an empty base. Build it from the repository's folder, where .git is:
#   docker build --build-arg VERSION=$(git describe --tags --always) -t campaignlark .
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /out/campaignlark ./web
RUN mkdir -p /out/data

# distroless/static holds root certificates, which Postgres over TLS needs, and the user nonroot (65532). No shell.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/campaignlark /usr/local/bin/campaignlark
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
WORKDIR /
ENV LISTEN_ADDR=:8080 DATABASE_URL=sqlite:///data/campaignlark.db
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/campaignlark"]
CMD ["serve"]
