import { IsInt, Matches, Max, Min } from 'class-validator';
import { Env } from '../env.js';

export class DatabaseConfig {
  @Env(['DATABASE_URL', 'POSTGRES_URL'], {
    description: 'PostgreSQL with pgvector: postgres://user:password@host:5432/database',
    secret: true,
    example: 'postgres://parley:change-me@localhost:5432/parley',
  })
  @Matches(/^postgres(ql)?:\/\//, { message: 'databaseUrl must start with postgres://' })
  readonly databaseUrl!: string;

  @Env(['DATABASE_POOL_SIZE', 'POSTGRES_POOL_SIZE'], {
    description: 'Connections per process; times replicas it must stay below max_connections',
    default: 10,
  })
  @IsInt()
  @Min(1)
  @Max(200)
  readonly poolSize!: number;

  @Env('DATABASE_STATEMENT_TIMEOUT_MS', { description: 'Longest time a statement may take', default: 30_000 })
  @IsInt()
  @Min(100)
  @Max(600_000)
  readonly statementTimeoutMs!: number;
}
