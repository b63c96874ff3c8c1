import { ApiProperty } from '@nestjs/swagger';

class ServicesObject {
  @ApiProperty()
  gateway!: boolean;

  @ApiProperty()
  chat!: boolean;

  @ApiProperty()
  memory!: boolean;
}

export class StatusObject {
  @ApiProperty({ enum: ['healthy', 'degraded', 'unhealthy'] })
  status!: 'healthy' | 'degraded' | 'unhealthy';

  @ApiProperty()
  version!: string;

  @ApiProperty({ format: 'date-time' })
  timestamp!: string;

  @ApiProperty({ description: 'Every service reaches its database' })
  database!: boolean;

  @ApiProperty({ description: 'The language model answers; without it the suite is degraded, not down' })
  llm!: boolean;

  @ApiProperty()
  services!: ServicesObject;
}

class MemoryObject {
  @ApiProperty({ description: 'Resident set of this process, in bytes' })
  rss_bytes!: number;

  @ApiProperty()
  heap_used_bytes!: number;

  @ApiProperty({ description: 'Of the machine or container' })
  available_bytes!: number;
}

class SystemObject {
  @ApiProperty({ example: 'v24.0.0' })
  node!: string;

  @ApiProperty({ example: 'linux' })
  platform!: string;

  @ApiProperty({ description: 'Seconds since this process started' })
  uptime_seconds!: number;

  @ApiProperty({ description: 'Processor time of this process, in seconds' })
  cpu_seconds!: number;

  @ApiProperty({ type: [Number], description: 'Load of the machine over 1, 5 and 15 minutes' })
  load_average!: number[];

  @ApiProperty()
  memory!: MemoryObject;
}

export class DetailedStatusObject extends StatusObject {
  @ApiProperty({ description: 'Of the gateway that answers' })
  system!: SystemObject;
}
