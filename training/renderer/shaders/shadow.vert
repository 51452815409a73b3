#version 330
in vec3 view;
in vec2 uv;
uniform mat4 light_space;
out vec2 v_uv;
void main() {
    v_uv = uv;
    gl_Position = light_space * vec4(view, 1.0);
}
