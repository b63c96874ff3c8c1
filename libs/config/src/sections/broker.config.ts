import { Matches } from 'class-validator';
import { Env } from '../env.js';

export class BrokerConfig {
  @Env('RABBITMQ_URL', {
    description: 'RabbitMQ: amqp://user:password@host:5672',
    secret: true,
    example: 'amqp://parley:change-me@localhost:5672',
  })
  @Matches(/^amqps?:\/\//, { message: 'rabbitmqUrl must start with amqp://' })
  readonly rabbitmqUrl!: string;
}
