"use client";

import { Button } from "@rollcall/ui/button";
import { type ReactNode, useRef, useState } from "react";

/** A part of a form that takes a text file: dropped on it, or chosen with the button for those who do not drag. */
export function DropFile({
  maxCharacters,
  onText,
  onFault,
  children,
}: {
  maxCharacters: number;
  onText: (text: string, fileName: string) => void;
  onFault: (sentence: string) => void;
  children: ReactNode;
}) {
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setIsOver] = useState(false);
  const take = async (file: File | undefined) => {
    if (file === undefined) return;
    // A text of n characters has at most four times as many bytes.
    if (file.size > maxCharacters * 4) {
      onFault(`${file.name} is larger than a profile may be.`);
      return;
    }
    const text = await file.text();
    if (text.length > maxCharacters) onFault(`${file.name} has more than ${maxCharacters} characters.`);
    else onText(text, file.name);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button below does the same without a mouse
    <div
      className={`flex flex-col gap-2 rounded-md ${isOver ? "outline-2 outline-offset-4 outline-focus outline-dashed" : ""}`}
      onDragOver={(event) => {
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setIsOver(false);
        void take(event.dataTransfer.files[0]);
      }}
    >
      {children}
      <div>
        <Button onClick={() => input.current?.click()}>Choose a file</Button>
        <input
          ref={input}
          type="file"
          accept=".json,application/json"
          className="sr-only"
          tabIndex={-1}
          aria-label="Profile file"
          onChange={(event) => {
            void take(event.target.files?.[0]);
            event.target.value = "";
          }}
        />
      </div>
    </div>
  );
}
