/**
 * The main example: what is in a folder of source code, file by file. {@code AnalyzeFolder} runs it, {@code FolderFlow} is the
 * workflow.
 */
@NullMarked
package io.pgflow.examples.folder;

import org.jspecify.annotations.NullMarked;
