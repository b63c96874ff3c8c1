import { Env, parseList } from '@parley/config';
import { ArrayMaxSize, IsInt, Matches, Max, Min } from 'class-validator';

/** What models may ask Parley to do. */
export class ToolsConfig {
  @Env('HTTP_TOOL_ALLOWED_HOSTS', {
    description:
      'Hosts that tools of assistants may ask: names, or *.example.org for all below one; empty: no such tools. ' +
      'Those in private networks need EGRESS_ALLOWED_HOSTS as well',
    default: [],
    example: 'api.example.org',
    parse: parseList,
  })
  @ArrayMaxSize(1_000)
  @Matches(/^(\*\.)?[\w.-]+$/, { each: true, message: 'httpAllowedHosts must be host names such as api.example.org' })
  readonly httpAllowedHosts!: string[];

  @Env('HTTP_TOOL_TIMEOUT_MS', { description: 'How long such a tool may take', default: 10_000 })
  @IsInt()
  @Min(100)
  @Max(120_000)
  readonly httpTimeoutMs!: number;

  @Env('TOOL_MAX_ROUNDS', {
    description: 'How often a model may ask for tools of the server before it has to answer',
    default: 5,
  })
  @IsInt()
  @Min(1)
  @Max(50)
  readonly maxRounds!: number;
}
