import { Env, parseList } from '@parley/config';
import { ArrayMaxSize, ArrayMinSize, IsInt, Matches, Max, Min } from 'class-validator';
import { AddressBlock } from './public-address.js';

/** Which addresses outside may be fetched, and how long that may take. */
export class EgressConfig {
  @Env('EGRESS_PORTS', {
    description: 'Ports that pages may be fetched from',
    default: [80, 443],
    example: '80,443',
    parse: (text) => parseList(text).map(Number),
  })
  @ArrayMinSize(1)
  @IsInt({ each: true })
  @Min(1, { each: true })
  @Max(65_535, { each: true })
  readonly ports!: number[];

  @Env('EGRESS_ALLOWED_HOSTS', {
    description: 'Hosts of the own network that pages may be fetched from: names, or *.example.org for all below one',
    default: [],
    example: 'wiki.example.org',
    parse: parseList,
  })
  @ArrayMaxSize(1_000)
  @Matches(/^(\*\.)?[\w.:-]+$/, { each: true, message: 'allowedHosts must be host names such as wiki.example.org' })
  readonly allowedHosts!: string[];

  @Env('EGRESS_ALLOWED_CIDRS', {
    description: 'Private addresses that pages may be fetched from, as blocks',
    default: [],
    example: '10.20.0.0/16',
    parse: parseBlocks,
  })
  @ArrayMaxSize(1_000)
  readonly allowedCidrs!: string[];

  @Env('EGRESS_USER_AGENT', {
    description: 'How requests for pages introduce themselves',
    default: 'Parley/1.0 (document fetcher)',
  })
  @Matches(/^[\x20-\x7E]{1,200}$/, { message: 'userAgent must be plain ASCII text' })
  readonly userAgent!: string;

  @Env('EGRESS_CONNECT_TIMEOUT_MS', { description: 'How long a host may take to accept a connection', default: 10_000 })
  @IsInt()
  @Min(100)
  @Max(60_000)
  readonly connectTimeoutMs!: number;

  @Env('EGRESS_RESPONSE_TIMEOUT_MS', {
    description: 'How long a host may take to begin its answer, and to pause in it',
    default: 20_000,
  })
  @IsInt()
  @Min(100)
  @Max(300_000)
  readonly responseTimeoutMs!: number;

  @Env('EGRESS_TOTAL_TIMEOUT_MS', {
    description: 'How long a page may take as a whole, redirects included',
    default: 60_000,
  })
  @IsInt()
  @Min(100)
  @Max(600_000)
  readonly totalTimeoutMs!: number;
}

function parseBlocks(text: string): string[] {
  const blocks = parseList(text);
  for (const block of blocks) {
    try {
      new AddressBlock(block);
    } catch {
      throw new Error('must be blocks of addresses such as 10.20.0.0/16');
    }
  }
  return blocks;
}
