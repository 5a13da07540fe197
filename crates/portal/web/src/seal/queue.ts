// At most four seals are checked at once: each is a request, and milliseconds of arithmetic.

const AT_ONCE = 4;

type Work = () => Promise<void>;

const waiting: Work[] = [];
let running = 0;

/** Does the work when its turn comes. A page has a bounded number of seals, so the list is, too. */
export function inTurn(work: Work): void {
  waiting.push(work);
  next();
}

function next(): void {
  while (running < AT_ONCE) {
    const work = waiting.shift();
    if (work === undefined) return;
    running += 1;
    // The page stays usable between two of them.
    const ended = () => {
      running -= 1;
      setTimeout(next);
    };
    void work().then(ended, ended);
  }
}
