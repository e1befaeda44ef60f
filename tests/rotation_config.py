"""A run config that holds one role in three places, two of them in the file itself."""

CONFIG = """\
version: 2
image_name: made-up
storage:
  backends:
    sql_default: {type: sql_postgres, host: 127.0.0.1, port: <port>, db: llamastack, user: <role>, password: '${env.PW}'}
    kv_default:
      type: kv_postgres
      host: localhost
      port: <port>
      db: postgres
      user: <role>
      password: <old>  # the same
providers:
  vector_io:
  - provider_id: pgvector
    provider_type: remote::pgvector
    config: {host: 127.0.0.1, port: <port>, db: llamastack, user: <role>, password: '<old>'}
"""
