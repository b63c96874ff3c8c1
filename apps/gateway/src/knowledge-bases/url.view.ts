import { ApiProperty, getSchemaPath } from '@nestjs/swagger';
import {
  type Attributes,
  DOCUMENT_STATUSES,
  type DocumentStatus,
  formatId,
  INGESTION_ERROR_CODES,
  type IngestionErrorCode,
  type WebPageOutcome,
  type WebPageView,
} from '@parley/contracts';
import { unixSeconds } from '../wire/unix-seconds.js';

export class UrlError {
  @ApiProperty({ enum: INGESTION_ERROR_CODES })
  code!: IngestionErrorCode;

  @ApiProperty()
  message!: string;
}

/** A page in a knowledge base, under the id of its file. Times are Unix seconds. */
export class UrlObject {
  @ApiProperty({ example: 'file-01890a5d7c3e7b3e9d1f2a3b4c5d6e7f' })
  id!: string;

  @ApiProperty({ enum: ['knowledge_base.url'] })
  object!: 'knowledge_base.url';

  @ApiProperty({ example: 'vs_01890a5d7c3e7b3e9d1f2a3b4c5d6e7f' })
  knowledge_base_id!: string;

  @ApiProperty({ description: 'In its one spelling, without fragment' })
  url!: string;

  @ApiProperty({ type: String, nullable: true, description: 'Where its redirects led' })
  final_url!: string | null;

  @ApiProperty({ description: 'Its name in file lists and citations: from its title, before that from its host' })
  filename!: string;

  @ApiProperty({ type: String, nullable: true })
  title!: string | null;

  @ApiProperty({ type: String, nullable: true })
  byline!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'BCP 47, as the page declares it' })
  language!: string | null;

  @ApiProperty({ type: Number, nullable: true })
  published_at!: number | null;

  @ApiProperty({
    enum: DOCUMENT_STATUSES,
    description: 'Of the latest fetch; what was indexed before stays searchable',
  })
  status!: DocumentStatus;

  @ApiProperty({ minimum: 0, maximum: 100 })
  progress_percent!: number;

  @ApiProperty({ type: UrlError, nullable: true })
  last_error!: UrlError | null;

  @ApiProperty({
    enum: ['indexed', 'unchanged'],
    nullable: true,
    description: 'What came of the last look that found the page; an unchanged one is not indexed again',
  })
  outcome!: WebPageOutcome | null;

  @ApiProperty({ type: Number, nullable: true, description: 'When the indexed content was fetched' })
  fetched_at!: number | null;

  @ApiProperty({ type: Number, nullable: true, description: 'When the page was last found, changed or not' })
  last_checked_at!: number | null;

  @ApiProperty({ type: Number, nullable: true })
  refresh_interval_hours!: number | null;

  @ApiProperty({ type: Number, nullable: true })
  next_refresh_at!: number | null;

  @ApiProperty()
  chunk_count!: number;

  @ApiProperty()
  usage_bytes!: number;

  @ApiProperty({
    type: 'object',
    additionalProperties: { oneOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }] },
  })
  attributes!: Attributes;

  @ApiProperty()
  created_at!: number;
}

export class UrlListObject {
  @ApiProperty({ enum: ['list'] })
  object!: 'list';

  @ApiProperty({ type: [UrlObject] })
  data!: UrlObject[];
}

/** One object for `url`, a list for `urls`. */
export const ADDED_URLS = { oneOf: [UrlObject, UrlListObject].map((type) => ({ $ref: getSchemaPath(type) })) };

export function urlObject(view: WebPageView): UrlObject {
  const seconds = (iso: string | null): number | null => (iso === null ? null : unixSeconds(iso));
  return {
    id: formatId('file', view.fileId),
    object: 'knowledge_base.url',
    knowledge_base_id: formatId('knowledgeBase', view.knowledgeBaseId),
    url: view.url,
    final_url: view.finalUrl,
    filename: view.filename,
    title: view.title,
    byline: view.byline,
    language: view.language,
    published_at: seconds(view.publishedAt),
    status: view.status,
    progress_percent: view.progressPercent,
    last_error: view.error,
    outcome: view.outcome,
    fetched_at: seconds(view.fetchedAt),
    last_checked_at: seconds(view.lastCheckedAt),
    refresh_interval_hours: view.refreshIntervalHours,
    next_refresh_at: seconds(view.nextRefreshAt),
    chunk_count: view.chunkCount,
    usage_bytes: view.usageBytes,
    attributes: view.attributes,
    created_at: unixSeconds(view.createdAt),
  };
}
