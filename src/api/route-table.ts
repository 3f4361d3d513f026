/** Which methods a path has, so that a wrong one is told from a wrong path (RFC 9110 §15.5.6). */

import type { RouteOptions } from 'fastify';

export interface Route {
  readonly method: string;
  /** Pattern, such as `/v1/calls/:call`. */
  readonly url: string;
}

export class RouteTable {
  readonly #routes: Route[] = [];

  /** For `onRoute`. */
  add({ method, url }: RouteOptions): void {
    for (const one of [method].flat()) this.#routes.push({ method: one, url });
  }

  get routes(): readonly Route[] {
    return this.#routes;
  }

  /** Methods of the routes whose pattern fits the path of `url`. */
  methodsOf(url: string): readonly string[] {
    const parts = url.split('?', 1)[0]?.split('/') ?? [];
    const fitting = this.#routes.filter((route) => fits(route.url.split('/'), parts));
    return [...new Set(fitting.map(({ method }) => method))].sort();
  }
}

function fits(pattern: readonly string[], parts: readonly string[]): boolean {
  if (pattern.length !== parts.length) return false;
  return pattern.every((part, index) => (part.startsWith(':') ? parts[index] !== '' : part === parts[index]));
}
