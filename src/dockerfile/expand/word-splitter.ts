import { isSpace } from '../white-space.ts';

/** Collects the words of a text while it is expanded. */
export class WordSplitter {
  // Docker: a substitution's own words share the buffer of the word around it and drop what it held.
  #buffer = '';

  begin() {
    this.#buffer = '';
    const words: string[] = [];
    let isInWord = false;
    const addRaw = (text: string) => {
      this.#buffer += text;
      isInWord = true;
    };
    const add = (text: string) => {
      for (const char of text) {
        if (!isSpace(char)) addRaw(char);
        else if (isInWord && this.#buffer !== '') {
          words.push(this.#buffer);
          this.#buffer = '';
          isInWord = false;
        }
      }
    };
    const end = () => {
      if (this.#buffer !== '') words.push(this.#buffer);
      this.#buffer = '';
      return words;
    };
    return { add, addRaw, end };
  }
}
